import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, runArgMax, runReduce, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { axisOf, withAxisLast } from './axis-last.ts';
import { axisAdvice, axisOption } from './option-rules.ts';
import { divide, elementwise, equal, multiply, negative, subtract } from './pointwise.ts';
import { type ReduceOptions, reductionOf } from './reduction.ts';
import { broadcastTo, expandDims, reshape, sumOver } from './views.ts';

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
  return share(sumOver(x, axes, shape), count);
}

const share = elementwise('mean', (total, count) => total.over(count));

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

const placeRules = {
  /** The axis to look along, counted from the last where negative. Default the last. */
  axis: axisOption(),
  /** Whether that axis is kept, with extent 1. Default false. */
  keepDims: option.flag(),
};

/** Options of `argMax` and `argMin`. */
export type ArgOptions = OptionsOf<typeof placeRules>;

/**
 * The index of the first largest element along an axis, without gradient: x of any shape → i32, the shape without this
 * axis. NaN counts as the largest number.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks, or without elements
 */
export function argMax(x: Tensor, options?: ArgOptions): Tensor {
  return placeOf('argMax', x, options, (line) => line);
}

/**
 * The index of the first smallest element along an axis, without gradient: x of any shape → i32, the shape without this
 * axis. NaN counts as the smallest number.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks, or without elements
 */
export function argMin(x: Tensor, options?: ArgOptions): Tensor {
  // The least whole number has no negative: −1 − x turns the order round, too.
  return placeOf('argMin', x, options, (line) => (x.dtype === 'i32' ? subtract(-1, line) : negative(line)));
}

function placeOf(
  operation: string,
  x: Tensor,
  options: ArgOptions | undefined,
  ranked: (line: Tensor) => Tensor,
): Tensor {
  requireTensor(operation, x);
  if (options !== undefined) checkOptions(operation, placeRules, options, axisAdvice);
  const axis = axisOf(operation, x, options?.axis ?? -1);
  const places = runArgMax(ranked(withAxisLast(x, axis)));
  return options?.keepDims ? expandDims(places, axis) : places;
}
