import { normalizeAxis, requireTensor, ShapeError, sizeOf, type Tensor } from '@funhash/tensor';
import { reshape, transpose } from './views.ts';

/** An axis of x counted from the first. @throws ShapeError for an axis that x lacks, as any where x is a scalar */
export function axisOf(operation: string, x: Tensor, axis: number): number {
  requireTensor(operation, x);
  if (x.rank === 0) throw new ShapeError({ operation, expected: 'at least one axis', actual: '[]' });
  return normalizeAxis(axis, x.rank, operation);
}

/** x with an axis behind all others, which keep their order. */
export function withAxisLast(x: Tensor, axis: number): Tensor {
  if (axis === x.rank - 1) return x;
  return transpose(x, [...x.shape.keys()].toSpliced(axis, 1).concat(axis));
}

/** x with its last axis in the place `axis`: the reverse of `withAxisLast`. */
export function withLastAt(x: Tensor, axis: number): Tensor {
  const last = x.rank - 1;
  if (axis === last) return x;
  return transpose(x, [...x.shape.keys()].slice(0, last).toSpliced(axis, 0, last));
}

/** x [...] with some axes behind the others and joined to one: [..., N]. */
export function withAxesJoined(x: Tensor, axes: readonly number[]): Tensor {
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const chosen = [...x.shape.keys()].filter((axis) => axes.includes(axis));
  const extents = (list: readonly number[]): number[] => list.map((axis) => x.shape[axis] as number);
  const ordered = chosen.every((axis, k) => axis === kept.length + k)
    ? x
    : transpose(x, [...kept, ...chosen]);
  return reshape(ordered, [...extents(kept), sizeOf(extents(chosen))]);
}
