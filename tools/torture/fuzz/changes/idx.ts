import { type Draw, edges, oneIn, pick } from '../draw.ts';
import { changedBytes, joined, withNumber } from './bytes.ts';

/** An IDX array whose type, rank or sizes are changed, with as many elements as before or as they say. */
export function changedIdx(idx: Uint8Array, draw: Draw): Uint8Array {
  const rank = idx[3] ?? 0;
  switch (draw.integer(6)) {
    case 0:
      return withNumber(idx, 2, pick(draw, [0, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255]), 1, true);
    case 1:
      return withNumber(idx, 3, pick(draw, [0, 1, 2, 3, 4, 8, 9, 255]), 1, true);
    case 2:
      return withNumber(idx, 4 + 4 * draw.integer(Math.max(1, rank)), pick(draw, edges), 4, true);
    case 3: {
      // Sizes whose product is beyond 2^32, and beyond 2^53.
      const start = Uint8Array.of(0, 0, pick(draw, [8, 13, 14]), 1 + draw.integer(8));
      const sizes = new Uint8Array(4 * (start[3] as number));
      const view = new DataView(sizes.buffer);
      for (let k = 0; k < sizes.length; k += 4) view.setUint32(k, pick(draw, edges));
      return joined([start, sizes, idx.subarray(4 + 4 * rank)]);
    }
    case 4: {
      const size = 4 + 4 * draw.integer(Math.max(1, rank));
      const changed = withNumber(idx, size, draw.integer(40), 4, true);
      return oneIn(draw, 2) ? changed : changed.slice(0, draw.integer(changed.length + 1));
    }
    default:
      return changedBytes(idx, draw);
  }
}
