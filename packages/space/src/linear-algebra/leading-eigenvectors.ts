import { random } from '@funhash/hashing';
import { normalValues } from '../weight/start-values.ts';
import { product, transposed } from './plain-matrix.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** Directions besides those that are asked for: the faster the iteration, the more. */
const spare = (count: number): number => 8 + Math.ceil(count / 2);
/** The iteration ends when a step gains less than this part of what is left out: what is still missing is about as much. */
const enough = 1e-7;
const mostSteps = 100;

/**
 * The largest eigenvalues of a symmetric matrix without negative ones, and their vectors, by orthogonal iteration
 * (Halko, Martinsson and Tropp 2011, section 4.5). Undefined where they are not found in 100 steps.
 *
 * @param matrix [size, size]
 * @returns values, descending, and vectors [count, size], orthonormal rows
 */
export function leadingEigenvectors(
  matrix: Float64Array,
  size: number,
  count: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } | undefined {
  const width = Math.min(size, count + spare(count));
  let trace = 0;
  for (let i = 0; i < size; i++) trace += matrix[i * size + i] as number;
  let basis = normalValues(random(1), width * size, 1);
  let captured = 0;
  for (let step = 0; step < mostSteps; step++) {
    orthonormalize(basis, width, size);
    const image = product(basis, matrix, width, size, size);
    const inside = product(image, transposed(basis, width, size), width, size, width);
    const { values: all, vectors } = symmetricEigen(inside, width);
    const values = all.slice(0, count);
    const sum = values.reduce((total, value) => total + value, 0);
    if (sum - captured <= Math.max(enough * (trace - sum), 1e-15 * trace))
      return { values, vectors: product(vectors.subarray(0, count * width), basis, count, width, size) };
    captured = sum;
    basis = image;
  }
  return undefined;
}

/** Gram–Schmidt by rows, each twice: once loses what nearly lies within the others. Rows of 0 stay. */
function orthonormalize(rows: Float64Array, count: number, size: number): void {
  for (let r = 0; r < count; r++) {
    const row = rows.subarray(r * size, (r + 1) * size);
    for (let pass = 0; pass < 2; pass++) {
      for (let q = 0; q < r; q++) {
        const other = rows.subarray(q * size, (q + 1) * size);
        let dot = 0;
        for (let k = 0; k < size; k++) dot += (row[k] as number) * (other[k] as number);
        for (let k = 0; k < size; k++) row[k] = (row[k] as number) - dot * (other[k] as number);
      }
      const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      if (length > 0) for (let k = 0; k < size; k++) row[k] = (row[k] as number) / length;
    }
  }
}
