import type { Real, Word } from '@funhash/formula';
import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/**
 * Hash embeddings: a row is a sum of k rows of a pool, chosen by k hashes, each times an importance that is learned:
 * V[i,j] = Σ_c p[D(i), c] · w[H_c(i), j]. Rows that share a pool row are told apart by the others and by their importances.
 */
export const hashEmbedding = defineScheme({
  kind: 'hashEmbedding',
  source: 'Svenstrup, Hansen, Winther 2017, arXiv:1709.03933, eq. 2 and 4, importances by a hash of the row',
  options: {
    /** Rows of the pool. */
    pool: uniform.count(),
    /** Rows of importances. */
    importances: uniform.count(),
    /** k, pool rows in a row of V. */
    components: structural.integer({ least: 1, most: 16, default: 2 }),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  // Half of the values each, so that neither pool rows nor importances are scarce.
  plan: ({ cols, budget, given: { components = 2 } }) => {
    if (budget === undefined) return {};
    const pool = Math.max(1, Math.floor(budget / (2 * Math.max(1, cols))));
    return { pool, importances: Math.max(1, Math.floor((budget - pool * cols) / components)) };
  },
  stored: ({ pool, importances, components }, { cols }) => ({
    w: [pool, cols],
    p: [importances, components],
  }),
  initialize: ({ cols, options: { pool, importances, components }, draw, std }) => ({
    w: uniformValues(draw, pool * cols, std),
    p: uniformValues(draw, importances * components, 1 / Math.sqrt(components)),
  }),
  entry: ({ row, col, cols, hash }, { w, p }, { pool, importances, components, seed }) => {
    const first = hash(row, 0, seed).below(importances).times(components);
    const term = (c: number): Real => {
      const at: Word = hash(row, c + 1, seed).below(pool);
      return p.at(first.plus(c)).times(w.at(at.times(cols).plus(col)));
    };
    let sum = term(0);
    for (let c = 1; c < components; c++) sum = sum.plus(term(c));
    return sum;
  },
  sample: {
    requests: [
      { pool: 5, importances: 9 },
      { ratio: 1 / 2, components: 3 },
    ],
    draws: { components: [1, 2, 4] },
  },
});
