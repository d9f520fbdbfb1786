import { ArgumentError } from '@funhash/hashing';
import { arange, runGather, ShapeError, sameShape, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import { withoutTape } from '../tape.ts';
import { withAxisLast } from './axis-last.ts';
import { add } from './pointwise.ts';
import { reshape } from './views.ts';

/** Indices along an axis as places in a tensor with `extent` there, that axis last, in row-major order: i32 [size]. */
export function flatPlaces(operation: string, index: Tensor, axis: number, extent: number): Tensor {
  return withoutTape(() => {
    const lines = withAxisLast(index, axis);
    const width = lines.shape.at(-1) as number;
    const rows = sizeOf(lines.shape.slice(0, -1));
    // Unchecked, an index beyond its line would read a neighbour's.
    const checked = withinExtent(operation, reshape(lines, [index.size]), extent);
    const starts = tensor(
      Int32Array.from({ length: rows }, (_, row) => row * extent),
      [rows, 1],
    );
    return reshape(add(reshape(checked, [rows, width]), starts), [index.size]);
  });
}

function withinExtent(operation: string, index: Tensor, extent: number): Tensor {
  try {
    return runGather(arange(extent, { dtype: 'i32' }), index);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new ArgumentError({ ...error.details, operation }, { cause: error });
  }
}

/** @throws ShapeError unless both have the same extents but along one axis */
export function requireEqualBeside(operation: string, a: Tensor, b: Tensor, axis: number): void {
  const without = ({ shape }: Tensor): number[] => shape.toSpliced(axis, 1);
  if (a.rank !== b.rank || !sameShape(without(a), without(b)))
    throw new ShapeError({
      operation,
      expected: `tensors of equal extents but along axis ${axis}`,
      actual: `${a} and ${b}`,
    });
}
