import { gather, matmul } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { transposed } from '../linear-algebra/plain-matrix.ts';
import { rankOneTerms } from '../linear-algebra/rank-one-terms.ts';
import { structural } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { normalValues } from '../weight/start-values.ts';

/** V = A·Bᵀ with A [rows, rank] and B [cols, rank], multiplied by contraction: x·Vᵀ = (x·B)·Aᵀ. */
export const lowRank = defineScheme({
  kind: 'lowRank',
  source: 'Denil et al. 2013, arXiv:1306.0543, eq. 1',
  options: {
    rank: structural.integer({ least: 1, most: 65536 }),
  },
  plan: ({ rows, cols, budget }) => {
    if (budget === undefined) return {};
    const rank = Math.floor(budget / (rows + cols));
    if (rank < 1)
      throw new ArgumentError({
        operation: 'lowRank',
        expected: `at least ${rows + cols} values, rank 1 of a ${rows} × ${cols} matrix`,
        actual: `a budget of ${budget}`,
        remedy: 'Give it a larger ratio, or choose another scheme for this layer.',
      });
    return { rank: Math.min(rank, rows, cols) };
  },
  stored: ({ rank }, { rows, cols }) => ({ a: [rows, rank], b: [cols, rank] }),
  // Var V = rank · Var A · Var B.
  initialize: ({ rows, cols, options: { rank }, draw, std }) => {
    const factorStd = Math.sqrt(std / Math.sqrt(rank));
    return { a: normalValues(draw, rows * rank, factorStd), b: normalValues(draw, cols * rank, factorStd) };
  },
  entry: ({ row, col }, { a, b }, { rank }) =>
    Array.from({ length: rank }, (_, r) =>
      a.at(row.times(rank).plus(r)).times(b.at(col.times(rank).plus(r))),
    ).reduce((sum, term) => sum.plus(term)),
  apply: (x, { a, b }, { bias }) => matmul(matmul(x, b), a, { transposeB: true, bias }),
  fit: ({ rows, cols, options: { rank: count }, target }) => {
    const { a, b } = rankOneTerms(target, { rows, cols, count });
    return { a, b: transposed(b, count, cols) };
  },
  sample: { requests: [{ rank: 3 }, { rank: 1 }], stdTolerance: 0.15 },
  rowsAt: ({ a, b }, { ids }) => matmul(ids ? gather(a, ids) : a, b, { transposeB: true }),
});
