import { ArgumentError } from '@funhash/hashing';
import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';
import { blockSign } from './block-sign.ts';

/**
 * Tile hashing: side × side tiles of V lie whole in the stored array, column by column, at a hashed offset. Each
 * entry has a sign of its own, or each tile has. With a shared space this is ROAST: all layers decode from one array.
 */
export const tiles = defineScheme({
  kind: 'tiles',
  source: 'Desai et al. 2023, arXiv:2207.10702 (ROAST-MM tiles), with entry signs',
  options: {
    buckets: uniform.count(),
    side: structural.oneOf([2, 4, 8, 16], 8),
    /** Whether entries of a tile have signs of their own, or one sign together: predictions of single rows are faster. */
    signs: structural.oneOf(['entry', 'tile'], 'entry'),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: ({ budget, given }) =>
    budget === undefined
      ? {}
      : { buckets: budget, ...(given.side === undefined && { side: largestSide(budget) }) },
  stored: ({ buckets, side }) => {
    if (buckets < side * side)
      throw new ArgumentError({
        operation: 'tiles',
        expected: `at least one tile of ${side * side} stored values`,
        actual: String(buckets),
        remedy: 'Choose a smaller side or a larger ratio.',
      });
    return { w: [buckets] };
  },
  initialize: ({ options, draw, std }) => ({ w: uniformValues(draw, options.buckets, std) }),
  entry: ({ row, col, hash }, { w }, { buckets, side, signs, seed }) => {
    const h = hash(row.group(side), col.group(side), seed);
    const lane = col.lane(side).times(side).plus(row.lane(side));
    return w
      .at(h.below(buckets.minus(side * side - 1)).plus(lane))
      .times(signs === 'tile' ? h.asSign() : blockSign(h, lane));
  },
  sample: { draws: { side: [2, 4, 8] } },
  pool: { array: 'w', count: 'buckets' },
});

// A small layer wants small tiles: at least four different tiles, or many entries would share one sign pattern.
function largestSide(budget: number): 2 | 4 | 8 {
  if (budget >= 256) return 8;
  return budget >= 64 ? 4 : 2;
}
