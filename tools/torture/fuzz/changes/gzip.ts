import { gzipSync } from 'node:zlib';
import { type Draw, edges, oneIn, pick } from '../draw.ts';
import { changedBytes, joined, noise, withNumber } from './bytes.ts';

/** Sizes of what a bomb unpacks to; made once, as they take a while. */
const bombs = new Map<number, Uint8Array>();
const bombSizes = [2 ** 22, 2 ** 26, 2 ** 28];

/** Zeros that pack by a factor of a thousand. */
function bomb(size: number): Uint8Array {
  const made = bombs.get(size) ?? gzipSync(new Uint8Array(size));
  bombs.set(size, made);
  return made;
}

/** A gzip member of the bytes, damaged, doubled, or one that unpacks to far more. */
export function changedGzip(bytes: Uint8Array, draw: Draw): Uint8Array {
  if (oneIn(draw, 500)) return bomb(pick(draw, bombSizes));
  const packed = gzipSync(bytes);
  switch (draw.integer(8)) {
    case 0:
      return withNumber(packed, packed.length - pick(draw, [4, 8]), pick(draw, edges), 4, false);
    case 1:
      return joined([packed, gzipSync(noise(draw.integer(100), draw))]);
    case 2:
      return joined([packed, noise(1 + draw.integer(40), draw)]);
    case 3: {
      // Flags of names, comments, extra fields and header checksums.
      const flagged = packed.slice();
      flagged[3] = draw.integer(256);
      return flagged;
    }
    case 4:
      return packed.slice(0, draw.integer(packed.length));
    case 5:
      return gzipSync(packed);
    case 6:
      return oneIn(draw, 200) ? joined([packed, bomb(bombSizes[0] as number)]) : changedBytes(packed, draw);
    default:
      return changedBytes(packed, draw);
  }
}
