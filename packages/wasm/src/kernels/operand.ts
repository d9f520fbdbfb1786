import { sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import type { Matrix } from '../gemm/matrix.ts';
import type { ColumnRun, Scattered } from '../gemm/scattered.ts';
import { addressOf, coalesce, eachOffset } from '../layout.ts';

export function matrixAt(view: View, elementOffset = 0): Matrix {
  const { strides } = view;
  const [row, col] = [strides[strides.length - 2] as number, strides[strides.length - 1] as number];
  return { address: addressOf(view) + elementOffset * 4, rowStride: row * 4, colStride: col * 4 };
}

/**
 * Runs `use` with a view as a matrix whose rows are its first `rowAxes` axes and whose columns are the others: by two
 * strides where the axes join, else by a table of rows for the time of `use`.
 */
export function withOperand(
  { memory, gemm }: Context,
  view: View,
  rowAxes: number,
  use: (operand: Matrix | Scattered) => void,
): void {
  const { shape, strides } = view;
  if (shape.length === 2) {
    use(matrixAt(view));
    return;
  }
  const rows = coalesce(shape.slice(0, rowAxes), [strides.slice(0, rowAxes)]);
  const cols = coalesce(shape.slice(rowAxes), [strides.slice(rowAxes)]);
  const address = addressOf(view);
  if (rows.extents.length <= 1 && cols.extents.length <= 1) {
    const [rowStride, colStride] = [rows, cols].map((loops) => (loops.strides[0]?.[0] ?? 0) * 4);
    use({ address, rowStride: rowStride as number, colStride: colStride as number });
    return;
  }
  const axes = cols.extents.length;
  const together = cols.strides[0]?.[axes - 1] === 1;
  const count = together ? (cols.extents[axes - 1] as number) : 1;
  const runs: ColumnRun[] = [];
  eachOffset(cols, together ? axes - 1 : axes, ([offset]) => {
    runs.push({ offset: (offset as number) * 4, count });
  });
  const groups = { count: rows.extents.at(-1) ?? 1, stride: (rows.strides[0]?.at(-1) ?? 0) * 4 };
  memory.withBlock(sizeOf(rows.extents) * 4, (table) => {
    gemm.scattered.writeRows(table, address, rows);
    use({ rows: table, runs, groups });
  });
}
