import type { Context } from '../context.ts';
import { roundUp } from '../gemm/gemm.ts';
import type { Matrix } from '../gemm/matrix.ts';
import { tileCols } from '../gemm/micro-kernel.ts';
import type { Scattered } from '../gemm/scattered.ts';
import type { Thread } from '../threads/thread.ts';
import type { PanelCall } from './panels.ts';

// Packing is a smaller part of more rows; more entries of dV would not stay in the second-level cache.
const mostRows = 64;
const mostEntries = 2 ** 17;

/** Whether dV, of rows × cols, is formed from windows x as they lie: few kernels, where packing would take half of the time. */
export function isDirect(
  dY: Matrix | Scattered,
  x: Matrix | Scattered,
  rows: number,
  cols: number,
): { readonly dY: Matrix; readonly x: Scattered } | undefined {
  if ('runs' in dY || dY.colStride !== 4 || !('runs' in x)) return undefined;
  return rows <= mostRows && cols * roundUp(rows, tileCols) <= mostEntries ? { dY, x } : undefined;
}

/** Forms dV from the rows [first, first + depth) of dY and x, and has it folded by `run`, along the rows or columns of dV. */
export function foldDirect(
  { gemm, linked }: Context,
  thread: Thread,
  { dY, x }: { readonly dY: Matrix; readonly x: Scattered },
  { rows, cols }: { readonly rows: number; readonly cols: number },
  { first, depth }: { readonly first: number; readonly depth: number },
  lanesAlong: 'row' | 'col',
  run: (call: PanelCall) => void,
): void {
  const sumsBytes = roundUp(rows, tileCols) * 4;
  const [steps, lanes] = lanesAlong === 'col' ? [rows, cols] : [cols, rows];
  const stepBytes = roundUp(lanes, tileCols) * 4;
  const bytes = { sums: cols * sumsBytes, tile: steps * stepBytes };
  const { clear, copy } = thread.functions(linked);
  thread.withBlock(bytes.sums + bytes.tile, (sums) => {
    const tile = sums + bytes.sums;
    gemm.columns.multiply(thread, x, dY, rows, first, depth, sums, sumsBytes);
    // Lanes behind the last one have to be zeros.
    clear(tile, bytes.tile);
    const [toRow, toCol] = lanesAlong === 'col' ? [stepBytes, 4] : [4, stepBytes];
    copy(tile, sums, 1, 1, cols, rows, 0, 0, toCol, toRow, 0, 0, sumsBytes, 4);
    const input = { address: tile, stripBytes: 4 * tileCols, stepBytes };
    run({ firstLane: 0, lanes, firstStep: 0, steps, input });
  });
}
