import type { SignBounds, View } from '../backend.ts';
import { sizeOf } from '../shape.ts';
import { contiguousData, dataOf, matrixPositions } from './views.ts';

export function packSigns(x: View, out: View, bounds?: SignBounds): void {
  const values = contiguousData(x);
  packRows(values, x.shape.at(-1) as number, out, bounds);
}

/** Packs the signs of rows of `width` values. */
function packRows(values: ArrayLike<number>, width: number, out: View, bounds?: SignBounds): void {
  const least = bounds && contiguousData(bounds.least);
  const below = bounds && contiguousData(bounds.below);
  const words = out.shape.at(-1) as number;
  const packed = dataOf(out);
  for (let at = 0; at < sizeOf(out.shape); at++) {
    const row = Math.floor(at / words);
    const first = 32 * (at % words);
    let bits = 0;
    for (let k = 0; k < 32 && first + k < width; k++)
      if ((values[row * width + first + k] as number) >= (least?.[first + k] ?? 0)) bits |= 1 << k;
    packed[out.offset + at] = bits ^ (below?.[at % words] ?? 0);
  }
}

export function signMatmul(a: View, b: View, depth: number, out: View, bounds?: SignBounds): void {
  const { rows, cols } = matrixPositions(a, out.shape.length - 1);
  const left = dataOf(a);
  const right = contiguousData(b);
  const [width, words] = b.shape as [number, number];
  const planes = words === 0 ? 1 : cols.length / words;
  const sums = bounds ? new Float32Array(rows.length * width) : dataOf(out);
  const start = bounds ? 0 : out.offset;
  rows.forEach((row, m) => {
    for (let n = 0; n < width; n++) {
      let sum = 0;
      for (let plane = 0; plane < planes; plane++) {
        let differing = 0;
        for (let k = 0; k < words; k++) {
          const word = left[row + (cols[plane * words + k] as number)] as number;
          differing += countOnes(word ^ (right[n * words + k] as number));
        }
        sum += 2 ** plane * (depth - 2 * differing);
      }
      sums[start + m * width + n] = sum;
    }
  });
  if (bounds) packRows(sums, width, out, bounds);
}

/** Set bits of a word, by sums of neighbouring fields of 1, 2, 4 and 8 bits. */
function countOnes(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  const bytes = (fours + (fours >>> 4)) & 0x0f0f0f0f;
  return Math.imul(bytes, 0x01010101) >>> 24;
}
