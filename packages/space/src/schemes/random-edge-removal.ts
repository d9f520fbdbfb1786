import type { Word } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { structural, uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { uniformValues } from '../weight/start-values.ts';

/**
 * Random edge removal: most entries are 0, each of the others is stored. V is divided into blocks of
 * blockRows × blockCols entries and a hash keeps one edge in each, so that which edges exist takes no memory, the
 * number of stored values is exact, and edges spread evenly over rows and columns.
 */
export const randomEdgeRemoval = defineScheme({
  kind: 'randomEdgeRemoval',
  source:
    'Cireşan et al. 2011, arXiv:1102.0183 (RER in Chen et al. 2015, section 6); kept edges stratified by block',
  options: {
    blockRows: structural.integer({ least: 1 }),
    blockCols: structural.integer({ least: 1 }),
    seed: uniform.seed(),
    hash: structural.hash(),
  },
  plan: ({ rows, cols, budget }) => (budget === undefined ? {} : blockWithin(rows, cols, budget)),
  stored: ({ blockRows, blockCols }, { rows, cols }) => {
    if (blockRows * blockCols >= 2 ** 32)
      throw new ArgumentError({
        operation: 'randomEdgeRemoval',
        expected: 'blocks of fewer than 2^32 entries',
        actual: `${blockRows} × ${blockCols}`,
        remedy: 'Give it a larger ratio.',
      });
    return { w: [Math.ceil(rows / blockRows) * Math.ceil(cols / blockCols)] };
  },
  // One entry of a block is kept: Var V = Var w / block size.
  initialize: ({ rows, cols, options: { blockRows, blockCols }, draw, std }) => {
    const count = Math.ceil(rows / blockRows) * Math.ceil(cols / blockCols);
    const entriesPerEdge = (rows * cols) / Math.max(1, count);
    return { w: uniformValues(draw, count, std * Math.sqrt(entriesPerEdge)) };
  },
  sample: { requests: [{ ratio: 1 / 4 }, { blockRows: 4, blockCols: 3 }] },
  entry: ({ row, col, rows, cols, hash }, { w }, { blockRows, blockCols, seed }) => {
    const blockRow = row.div(blockRows);
    const blockCol = col.div(blockCols);
    const height = extentOf(blockRow, rows, blockRows);
    const width = extentOf(blockCol, cols, blockCols);
    const kept = hash(blockRow, blockCol, seed).below(height.times(width));
    const place = row.rem(blockRows).times(width).plus(col.rem(blockCols));
    const blocksAcross = cols.plus(blockCols - 1).div(blockCols);
    return place.equals(kept).select(w.at(blockRow.times(blocksAcross).plus(blockCol)), 0);
  },
});

// The last block of a row or column may be smaller than the others.
function extentOf(block: Word, total: Word, size: number): Word {
  const left = total.minus(block.times(size));
  const isWhole = left.lessThan(size).xor(1);
  return isWhole.times(size).plus(isWhole.xor(1).times(left));
}

/** The block shape that stores the most values within a budget, as square as the shape of V allows. */
function blockWithin(rows: number, cols: number, budget: number): { blockRows: number; blockCols: number } {
  let best = {
    blockRows: Math.max(1, rows),
    blockCols: Math.max(1, cols),
    count: 1,
    skew: Number.POSITIVE_INFINITY,
  };
  // Lower blocks would be more than the budget even at full width.
  const lowest = Math.max(1, Math.ceil(rows / budget));
  for (let blockRows = lowest; blockRows <= Math.min(rows, lowest + 4096); blockRows++) {
    const down = Math.ceil(rows / blockRows);
    const across = Math.floor(budget / down);
    const blockCols = Math.ceil(cols / Math.min(across, cols));
    const count = down * Math.ceil(cols / blockCols);
    const skew = Math.abs(Math.log(blockRows / blockCols));
    if (count > best.count || (count === best.count && skew < best.skew))
      best = { blockRows, blockCols, count, skew };
  }
  return { blockRows: best.blockRows, blockCols: best.blockCols };
}
