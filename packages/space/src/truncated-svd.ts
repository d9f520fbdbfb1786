import { ArgumentError } from '@funhash/hashing';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

export type Floats = Float32Array | Float64Array;

export interface TruncatedSvd {
  /** All of them, descending. */
  readonly singularValues: Float64Array;
  /** Of the columns of `left` that were asked for. */
  readonly rank: number;
  /** U [rows, rank], orthonormal columns. */
  readonly left: Float64Array;
  /** Uᵀ·A [rank, cols]: the rows of Vᵀ, each as long as its singular value. */
  readonly right: Float64Array;
}

/**
 * The best approximation U·(Uᵀ·A) of a rank that the singular values decide, from the eigenvectors of A·Aᵀ: the
 * approximation exceeds the least error by at most about 1e-8 of the norm of A, less than single precision tells apart,
 * and singular values below that part of the largest are noise.
 *
 * @param matrix A [rows, cols], rows ≤ cols
 */
export function truncatedSvd(
  matrix: Floats,
  rows: number,
  cols: number,
  rankOf: (singularValues: Float64Array) => number,
): TruncatedSvd {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram(matrix, rows, cols), {
    assumeSymmetric: true,
  });
  // Ascending there.
  const singularValues = Float64Array.from(realEigenvalues, (value) =>
    Math.sqrt(Math.max(0, value)),
  ).reverse();
  const rank = rankOf(singularValues);
  const left = Float64Array.from({ length: rows * rank }, (_, at) =>
    eigenvectorMatrix.get(Math.floor(at / rank), rows - 1 - (at % rank)),
  );
  return { singularValues, rank, left, right: projected(matrix, left, rows, cols, rank) };
}

/** Columns that are gone through together: so many of a few rows stay in the nearest cache. */
const stretch = 1024;

/** A·Aᵀ, in f64. */
function gram(matrix: Floats, rows: number, cols: number): Matrix {
  const sums = new Float64Array(rows * rows);
  for (let from = 0; from < cols; from += stretch) {
    const end = Math.min(cols, from + stretch);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j <= i; j++)
        sums[i * rows + j] = (sums[i * rows + j] as number) + dot(matrix, i * cols, j * cols, from, end);
  }
  const trace = Array.from({ length: rows }, (_, i) => sums[i * rows + i] as number).reduce(
    (a, b) => a + b,
    0,
  );
  if (!Number.isFinite(trace))
    throw new ArgumentError({
      operation: 'truncatedSvd',
      expected: 'finite entries whose squares are finite',
      actual: `a squared norm of ${trace}`,
    });
  const whole = Matrix.zeros(rows, rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      const sum = sums[i * rows + j] as number;
      whole.set(i, j, sum);
      whole.set(j, i, sum);
    }
  return whole;
}

function dot(matrix: Floats, a: number, b: number, from: number, end: number): number {
  let [even, odd] = [0, 0];
  let k = from;
  for (; k + 1 < end; k += 2) {
    even += (matrix[a + k] as number) * (matrix[b + k] as number);
    odd += (matrix[a + k + 1] as number) * (matrix[b + k + 1] as number);
  }
  return k < end ? even + odd + (matrix[a + k] as number) * (matrix[b + k] as number) : even + odd;
}

/** Uᵀ·A [rank, cols]. */
function projected(
  matrix: Floats,
  left: Float64Array,
  rows: number,
  cols: number,
  rank: number,
): Float64Array {
  const product = new Float64Array(rank * cols);
  for (let from = 0; from < cols; from += stretch) {
    const end = Math.min(cols, from + stretch);
    for (let r = 0; r < rank; r++)
      for (let i = 0; i < rows; i++) {
        const factor = left[i * rank + r] as number;
        const [source, sink] = [i * cols, r * cols];
        for (let k = from; k < end; k++)
          product[sink + k] = (product[sink + k] as number) + factor * (matrix[source + k] as number);
      }
  }
  return product;
}

/** [rows, cols] → [cols, rows]. */
export function transposed<T extends Floats>(matrix: T, rows: number, cols: number): T {
  const turned = new (matrix.constructor as new (length: number) => T)(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) turned[col * rows + row] = matrix[row * cols + col] as number;
  return turned;
}
