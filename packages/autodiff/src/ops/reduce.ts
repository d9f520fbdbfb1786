import { normalizeAxis, runArgMax, runReduce, ShapeError, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { divide, equal, multiply } from './pointwise.ts';
import { broadcastTo, reshape, sumOver } from './views.ts';

export interface ReduceOptions {
  /** Axes to reduce; default all. */
  readonly axis?: number | readonly number[];
  /** Keep reduced axes with extent 1. Default false. */
  readonly keepDims?: boolean;
}

function axesOf(x: Tensor, { axis }: ReduceOptions, operation: string): number[] {
  if (axis === undefined) return x.shape.map((_, k) => k);
  if (typeof axis === 'number') return [normalizeAxis(axis, x.rank, operation)];
  const axes = axis.map((k) => normalizeAxis(k, x.rank, operation));
  if (new Set(axes).size !== axes.length)
    throw new ShapeError({
      operation,
      expected: 'axes that differ',
      actual: `axes ${axis.join(', ')}`,
    });
  return axes;
}

function shapeWithout(x: Tensor, axes: readonly number[]): number[] {
  return x.shape.filter((_, axis) => !axes.includes(axis));
}

export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = axesOf(x, options, 'sum');
  return sumOver(x, axes, options.keepDims ? undefined : shapeWithout(x, axes));
}

export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = axesOf(x, options, 'mean');
  const count = axes.reduce((total, axis) => total * (x.shape[axis] as number), 1);
  return divide(sum(x, options), count);
}

/** Equal largest elements share the gradient evenly. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return extremum('max', x, options);
}

export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return extremum('min', x, options);
}

function extremum(op: 'max' | 'min', x: Tensor, options: ReduceOptions): Tensor {
  const axes = axesOf(x, options, op);
  const reduced = runReduce(op, x, axes);
  recorded([x], reduced, (g) => {
    const hits = equal(x, broadcastTo(reduced, x.shape));
    const shares = divide(hits, sumOver(hits, axes));
    return [multiply(shares, g)];
  });
  return options.keepDims ? reduced : reshape(reduced, shapeWithout(x, axes));
}

/** i32 index of the first largest element along the last axis; no gradient. */
export function argMax(x: Tensor): Tensor {
  return runArgMax(x);
}
