import { type Floats, transposed } from './plain-matrix.ts';
import { truncatedSvd } from './truncated-svd.ts';

/**
 * The best approximation of a matrix [rows, cols] by Σᵣ aᵣ·bᵣᵀ: a [rows, count] and b [count, cols], aᵣ and bᵣ of equal
 * length. Terms beyond the rank of the matrix have bᵣ = 0, and for all but more terms than rows or columns aᵣ ≠ 0, so
 * that they can be trained.
 */
export function rankOneTerms(
  matrix: Floats,
  { rows, cols, count }: { readonly rows: number; readonly cols: number; readonly count: number },
): { readonly a: Float64Array; readonly b: Float64Array } {
  if (rows > cols) {
    const { a, b } = rankOneTerms(transposed(matrix, rows, cols), { rows: cols, cols: rows, count });
    return { a: transposed(b, count, rows), b: transposed(a, cols, count) };
  }
  const { left, right, rank } = truncatedSvd(matrix, rows, cols, count);
  const a = new Float64Array(rows * count);
  const b = new Float64Array(count * cols);
  for (let r = 0; r < rank; r++) {
    const row = right.subarray(r * cols, (r + 1) * cols);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    const root = Math.sqrt(length) || 1;
    for (let i = 0; i < rows; i++) a[i * count + r] = (left[i * rank + r] as number) * root;
    b.set(
      row.map((x) => x / root),
      r * cols,
    );
  }
  return { a, b };
}
