import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { normalizeAxis, runArgMax, runReduce, ShapeError, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { type NoOptions, refuseOptions } from './option-rules.ts';
import { divide, equal, multiply } from './pointwise.ts';
import { broadcastTo, reshape, sumOver } from './views.ts';

const rules = {
  /** The axis or axes to reduce, counted from the last where negative. Default: all. */
  axis: option.that<number | readonly number[]>('an axis, or a list of axes', (value) =>
    Array.isArray(value) ? value.every((axis) => typeof axis === 'number') : typeof value === 'number',
  ),
  /** Whether reduced axes are kept, with extent 1. Default false. */
  keepDims: option.flag(),
};

/** Options of `sum`, `mean`, `max` and `min`. */
export type ReduceOptions = OptionsOf<typeof rules>;

// As NumPy's users and PyTorch's write them.
const advice = { dim: 'did you mean axis?', dims: 'did you mean axis?' };

interface Reduction {
  readonly axes: readonly number[];
  /** Shape of the result; undefined where the axes are kept. */
  readonly shape: readonly number[] | undefined;
}

function reductionOf(operation: string, x: Tensor, options: ReduceOptions | undefined): Reduction {
  if (options === undefined) return { axes: x.shape.map((_, axis) => axis), shape: [] };
  checkOptions(operation, rules, options, advice);
  const axes = axesOf(operation, x, options);
  return { axes, shape: options.keepDims ? undefined : x.shape.filter((_, axis) => !axes.includes(axis)) };
}

function axesOf(operation: string, x: Tensor, { axis }: ReduceOptions): number[] {
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

/**
 * The sum of elements over some axes, or all: x of any shape → the shape without these axes.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  const { axes, shape } = reductionOf('sum', x, options);
  return sumOver(x, axes, shape);
}

/**
 * The mean of elements over some axes, or all: x of any shape → the shape without these axes.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function mean(x: Tensor, options?: ReduceOptions): Tensor {
  const { axes, shape } = reductionOf('mean', x, options);
  const count = axes.reduce((total, axis) => total * (x.shape[axis] as number), 1);
  return divide(sumOver(x, axes, shape), count);
}

/**
 * The largest element over some axes, or all: x of any shape → the shape without these axes. Equal largest elements
 * share the gradient evenly.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function max(x: Tensor, options?: ReduceOptions): Tensor {
  return extremum('max', x, options);
}

/**
 * The smallest element over some axes, or all: x of any shape → the shape without these axes. Equal smallest elements
 * share the gradient evenly.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function min(x: Tensor, options?: ReduceOptions): Tensor {
  return extremum('min', x, options);
}

function extremum(op: 'max' | 'min', x: Tensor, options: ReduceOptions | undefined): Tensor {
  const { axes, shape } = reductionOf(op, x, options);
  const reduced = runReduce(op, x, axes);
  recorded([x], reduced, (g) => {
    const hits = equal(x, broadcastTo(reduced, x.shape));
    const shares = divide(hits, sumOver(hits, axes));
    return [multiply(shares, g)];
  });
  return shape ? reshape(reduced, shape) : reduced;
}

/**
 * The index of the first largest element along the last axis, without gradient: [..., N] → [...], i32.
 *
 * @throws OptionError, ArgumentError for options: it has none
 */
export function argMax(x: Tensor, options?: NoOptions): Tensor {
  refuseOptions('argMax', options);
  return runArgMax(x);
}
