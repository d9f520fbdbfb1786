import { transposed, uniform } from './data.ts';

interface MatrixShape {
  readonly rows: number;
  /** Positions of a window, or of an image where a dense layer sees all of it. */
  readonly area: number;
  readonly channels: number;
}

/** Matrices of LeNet-5, [rows, area · channels]: two kernels of 5 × 5, and dense layers on 5 × 5 × 16. */
export const leNetShapes: readonly MatrixShape[] = [
  { rows: 6, area: 25, channels: 1 },
  { rows: 16, area: 25, channels: 6 },
  { rows: 120, area: 25, channels: 16 },
  { rows: 84, area: 1, channels: 120 },
  { rows: 10, area: 1, channels: 84 },
];

/** Start weights, row by row, for images with their channels last or first. */
export function leNetWeights(order: 'last' | 'first' = 'last'): Float32Array[] {
  return leNetShapes.map(({ rows, area, channels }, k) => {
    const cols = area * channels;
    const values = uniform(rows * cols, 3 + k, Math.sqrt(6 / cols));
    if (order === 'first')
      for (let at = 0; at < values.length; at += cols)
        values.set(transposed(values.subarray(at, at + cols), area, channels), at);
    return values;
  });
}
