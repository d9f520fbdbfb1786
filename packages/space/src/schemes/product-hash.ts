import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/**
 * Product hashing: V[i,j] = w[h(i,j)] · ξ(i,j) · p[h′(i,j)]: half of the values are multiplied into the other half,
 * so that an entry takes one of K²/4 values.
 */
export const productHash = defineScheme({
  kind: 'productHash',
  source: 'the product of two HashedNets tables (Chen et al. 2015, eq. 3), with independent hashes',
  options: {
    /** Stored values of w, and as many of p or one less. */
    buckets: uniform.count(),
    factors: uniform.count(),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: ({ budget }) =>
    budget === undefined
      ? {}
      : { buckets: Math.ceil(budget / 2), factors: Math.max(1, Math.floor(budget / 2)) },
  stored: ({ buckets, factors }) => ({ w: [buckets], p: [factors] }),
  // p starts near 1: Var(w·p) = Var w · (1 + 0.3²).
  initialize: ({ options, draw, std }) => {
    const p = new Float64Array(options.factors);
    draw.fillNormal(p, 1, 0.3);
    return { w: uniformValues(draw, options.buckets, std / Math.sqrt(1.09)), p };
  },
  entry: ({ row, col, hash }, { w, p }, { buckets, factors, seed }) => {
    const h = hash(row, col, seed);
    const factor = p.at(hash(row, col, seed.plus(1)).below(factors));
    return w.at(h.below(buckets)).times(h.asSign()).times(factor);
  },
});
