import { ArgumentError } from '@funhash/hashing';
import { leadingEigenvectors } from './leading-eigenvectors.ts';
import { type Floats, product, transposed } from './plain-matrix.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** How many singular values to keep; or a rule, which is shown all of them, descending. */
export type RankChoice = number | ((singularValues: Float64Array) => number);

export interface TruncatedSvd {
  /** Singular values that are kept, at most so many as were asked for. */
  readonly rank: number;
  /** U [rows, rank], orthonormal columns. */
  readonly left: Float64Array;
  /** Uᵀ·A [rank, cols]: the rows of Vᵀ, each as long as its singular value. */
  readonly right: Float64Array;
  /** ‖A − U·Uᵀ·A‖². */
  readonly squaredError: number;
}

/** Rows, and rows for each singular value, from which on a few of these are found faster than all. */
const [manyRows, manyForEach] = [192, 6];

/** All singular values of so many rows take about an hour. */
const mostRows = 8192;

/**
 * The best approximation U·(Uᵀ·A) of a rank, from the eigenvectors of A·Aᵀ: the approximation exceeds the least error
 * by at most about 1e-8 of the norm of A, less than single precision tells apart, or, of a few singular values of a
 * large matrix, by a millionth of itself.
 *
 * @param matrix A [rows, cols], rows ≤ cols
 * @throws ArgumentError where it would take too long
 */
export function truncatedSvd(matrix: Floats, rows: number, cols: number, choice: RankChoice): TruncatedSvd {
  const isFew = typeof choice === 'number' && rows >= manyRows && choice * manyForEach <= rows;
  if (!isFew && rows > mostRows)
    throw new ArgumentError({
      operation: 'truncatedSvd',
      expected: `at most ${mostRows} rows and columns, or at most a sixth of them as rank`,
      actual: `${rows}`,
      remedy: 'Give lower ranks, in place of a bound of the error, or more and smaller modes.',
    });
  const sums = gram(matrix, rows, cols);
  const squaredNorm = traceOf(sums, rows);
  const few = isFew ? leadingEigenvectors(sums, rows, choice) : undefined;
  const { values, vectors } = few ?? chosenEigenvectors(sums, rows, choice);
  const rank = values.length;
  const kept = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  return {
    rank,
    left: transposed(vectors, rank, rows),
    right: product(vectors, matrix, rank, rows, cols),
    squaredError: Math.max(0, squaredNorm - kept),
  };
}

/** Eigenvalues, descending, and their vectors as rows. */
function chosenEigenvectors(
  sums: Float64Array,
  rows: number,
  choice: RankChoice,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const { values, vectors } = symmetricEigen(sums, rows);
  const rank =
    typeof choice === 'number'
      ? Math.min(choice, rows)
      : choice(values.map((value) => Math.sqrt(Math.max(0, value))));
  return { values: values.slice(0, rank), vectors: vectors.slice(0, rank * rows) };
}

/** Columns that are gone through together: so many of a few rows stay in the nearest cache. */
const stretch = 1024;

/** A·Aᵀ [rows, rows], in f64. */
function gram(matrix: Floats, rows: number, cols: number): Float64Array {
  const sums = new Float64Array(rows * rows);
  for (let from = 0; from < cols; from += stretch) {
    const end = Math.min(cols, from + stretch);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j <= i; j++)
        sums[i * rows + j] = (sums[i * rows + j] as number) + dot(matrix, i * cols, j * cols, from, end);
  }
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < i; j++) sums[j * rows + i] = sums[i * rows + j] as number;
  return sums;
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

function traceOf(sums: Float64Array, rows: number): number {
  let trace = 0;
  for (let i = 0; i < rows; i++) trace += sums[i * rows + i] as number;
  if (Number.isFinite(trace)) return trace;
  throw new ArgumentError({
    operation: 'truncatedSvd',
    expected: 'finite entries whose squares are finite',
    actual: `a squared norm of ${trace}`,
  });
}
