import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/**
 * HashedNets: V[i,j] = ξ(i,j) · w[h(i,j)]. Bucket h and sign ξ come from one hash: the bucket from its high bits,
 * the sign from bit 0.
 */
export const hashedNet = defineScheme({
  kind: 'hashedNet',
  source: 'Chen et al. 2015, arXiv:1504.04788, eq. 3 and 7',
  options: {
    /** K, the number of stored values. */
    buckets: uniform.count(),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: ({ budget }) => (budget === undefined ? {} : { buckets: budget }),
  stored: ({ buckets }) => ({ w: [buckets] }),
  initialize: ({ options, draw, std }) => ({ w: uniformValues(draw, options.buckets, std) }),
  entry: ({ row, col, hash }, { w }, { buckets, seed }) => {
    const h = hash(row, col, seed);
    return w.at(h.below(buckets)).times(h.asSign());
  },
  sample: {
    requests: [{ ratio: 1 / 4 }, { ratio: 1 / 4, hash: 'murmur3' }, { ratio: 1 / 4, hash: 'multiplyShift' }],
  },
  pool: { array: 'w', count: 'buckets' },
});
