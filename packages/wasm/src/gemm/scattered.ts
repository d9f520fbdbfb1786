import type { Matrix } from './matrix.ts';

/**
 * A matrix whose rows lie anywhere and whose columns lie alike in every row: windows on images, whose rows overlap in
 * memory. Packed panels are written straight from it.
 */
export interface Scattered {
  /** The address of a table of addresses, one for each row. */
  readonly rows: number;
  /** The columns in order, those that lie side by side together. */
  readonly runs: readonly ColumnRun[];
  /** Rows in groups of as many, `stride` bytes apart: windows along an axis of an image. */
  readonly groups: { readonly count: number; readonly stride: number };
  /** The place of the first row in its group. Default 0. */
  readonly firstInGroup?: number;
}

export interface ColumnRun {
  /** Bytes from the start of a row. */
  readonly offset: number;
  readonly count: number;
}

/** The same columns of the rows from one on. */
export function rowsFrom<T extends Matrix | Scattered>(operand: T, first: number): T {
  return 'runs' in operand
    ? {
        ...operand,
        rows: operand.rows + first * 4,
        firstInGroup: ((operand.firstInGroup ?? 0) + first) % operand.groups.count,
      }
    : { ...operand, address: operand.address + first * operand.rowStride };
}

/** The columns [first, first + count) of the runs. */
export function runsBetween(runs: readonly ColumnRun[], first: number, count: number): ColumnRun[] {
  const found: ColumnRun[] = [];
  let start = 0;
  for (const run of runs) {
    const [from, to] = [Math.max(first, start), Math.min(first + count, start + run.count)];
    if (from < to) found.push({ offset: run.offset + (from - start) * 4, count: to - from });
    start += run.count;
    if (start >= first + count) break;
  }
  return found;
}
