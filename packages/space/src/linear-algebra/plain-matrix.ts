/** Matrices as flat arrays, row by row, where no backend is wanted: in double precision. */
export type Floats = Float32Array | Float64Array;

/** Columns that are gone through together: so many of a few rows stay in the nearest cache. */
const stretch = 1024;

/** A [rows, depth] · B [depth, cols] → [rows, cols]. */
export function product(
  a: Floats,
  b: Floats,
  rows: number,
  depth: number,
  cols: number,
): Float64Array<ArrayBuffer> {
  const result = new Float64Array(rows * cols);
  for (let from = 0; from < cols; from += stretch) {
    const end = Math.min(cols, from + stretch);
    for (let i = 0; i < rows; i++) {
      const sink = i * cols;
      let k = 0;
      // Four rows of B at a time: the result is read and written once for all.
      for (; k + 3 < depth; k += 4) {
        const f0 = a[i * depth + k] as number;
        const f1 = a[i * depth + k + 1] as number;
        const f2 = a[i * depth + k + 2] as number;
        const f3 = a[i * depth + k + 3] as number;
        const b0 = k * cols;
        const b1 = b0 + cols;
        const b2 = b1 + cols;
        const b3 = b2 + cols;
        for (let j = from; j < end; j++)
          result[sink + j] =
            (result[sink + j] as number) +
            f0 * (b[b0 + j] as number) +
            f1 * (b[b1 + j] as number) +
            f2 * (b[b2 + j] as number) +
            f3 * (b[b3 + j] as number);
      }
      for (; k < depth; k++) {
        const factor = a[i * depth + k] as number;
        const source = k * cols;
        for (let j = from; j < end; j++)
          result[sink + j] = (result[sink + j] as number) + factor * (b[source + j] as number);
      }
    }
  }
  return result;
}

/** [rows, cols] → [cols, rows]. */
export function transposed<T extends Floats>(matrix: T, rows: number, cols: number): T {
  const turned = new (matrix.constructor as new (length: number) => T)(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) turned[col * rows + row] = matrix[row * cols + col] as number;
  return turned;
}
