import { type Draw, edges, oneIn, pick } from '../draw.ts';
import { changedBytes, spliced, withNumber } from './bytes.ts';

/** Segments of a JPEG: the places where they begin, and their markers. */
function segmentsOf(
  jpeg: Uint8Array,
): { readonly at: number; readonly marker: number; readonly length: number }[] {
  const segments = [];
  for (let at = 2; at + 4 <= jpeg.length && jpeg[at] === 0xff; ) {
    const length = ((jpeg[at + 2] as number) << 8) | (jpeg[at + 3] as number);
    segments.push({ at, marker: jpeg[at + 1] as number, length });
    at += 2 + length;
  }
  return segments;
}

/** A JPEG whose tables, frame or scan are changed, or whose bytes are. */
export function changedJpeg(jpeg: Uint8Array, draw: Draw): Uint8Array {
  const segments = segmentsOf(jpeg);
  if (segments.length === 0 || oneIn(draw, 6)) return changedBytes(jpeg, draw);
  const { at, length } = pick(draw, segments);
  switch (draw.integer(7)) {
    case 0:
      return withNumber(jpeg, at + 2, pick(draw, edges), 2, true);
    case 1:
      return withNumber(
        jpeg,
        at + 1,
        pick(draw, [0xc0, 0xc1, 0xc2, 0xc4, 0xd8, 0xd9, 0xda, 0xdb, 0xdd, 0xee]),
        1,
        true,
      );
    case 2:
      return spliced(jpeg, at, 2 + length, new Uint8Array(0));
    case 3:
      return spliced(jpeg, at, 0, jpeg.subarray(at, at + 2 + length));
    case 4: {
      const frame = segments.find(({ marker }) => marker >= 0xc0 && marker <= 0xc2);
      if (!frame) return changedBytes(jpeg, draw);
      const size = oneIn(draw, 2);
      const place = size ? pick(draw, [5, 7]) : 9 + draw.integer(10);
      return withNumber(
        jpeg,
        frame.at + place,
        size ? pick(draw, edges) : draw.integer(256),
        size ? 2 : 1,
        true,
      );
    }
    default:
      return withNumber(jpeg, at + 4 + draw.integer(Math.max(1, length - 2)), draw.integer(256), 1, true);
  }
}
