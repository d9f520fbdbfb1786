import { sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { contiguousAt, type WasmBuffer } from '../layout.ts';
import { withContiguous } from './copy.ts';

/** A contiguous view with its first `rowAxes` axes as one and the others as one. */
export function asMatrix({ buffer, dtype, shape, offset }: View, rowAxes: number): View {
  const extents = [sizeOf(shape.slice(0, rowAxes)), sizeOf(shape.slice(rowAxes))];
  return { ...contiguousAt((buffer as WasmBuffer).address, dtype, extents), offset };
}

/** Runs `use` with an operand of several axes as a matrix, copied where it is not contiguous. */
export function withMatrix(context: Context, view: View, rowAxes: number, use: (matrix: View) => void): void {
  withContiguous(context, view, (source) => use(asMatrix(source, rowAxes)));
}
