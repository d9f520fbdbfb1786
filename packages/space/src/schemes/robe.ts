import { ArgumentError } from '@funhash/hashing';
import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';
import { blockSign } from './block-sign.ts';

/**
 * ROBE-Z: blocks of Z neighbours along a row lie side by side in the stored array, at a hashed offset, so that one
 * hash and one vector load serve Z entries. Each entry has a sign of its own.
 */
export const robe = defineScheme({
  kind: 'robe',
  source: 'Desai et al. 2022, arXiv:2108.02191, section 3 (ROBE-Z), with entry signs',
  options: {
    buckets: uniform.count(),
    /** Z, the entries of a block. */
    block: structural.oneOf([2, 4, 8, 16, 32, 64], 8),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: ({ budget }) => (budget === undefined ? {} : { buckets: budget }),
  stored: ({ buckets, block }) => {
    if (buckets < block)
      throw new ArgumentError({
        operation: 'robe',
        expected: `at least one block of ${block} stored values`,
        actual: String(buckets),
        remedy: 'Choose a smaller block or a larger ratio.',
      });
    return { w: [buckets] };
  },
  initialize: ({ options, draw, std }) => ({ w: uniformValues(draw, options.buckets, std) }),
  entry: ({ row, col, hash }, { w }, { buckets, block, seed }) => {
    const h = hash(row, col.group(block), seed);
    const lane = col.lane(block);
    return w.at(h.below(buckets.minus(block - 1)).plus(lane)).times(blockSign(h, lane));
  },
  // In a matrix narrower than a block some values have no part.
  sample: { draws: { block: [2, 4, 8, 16] } },
  pool: { array: 'w', count: 'buckets' },
});
