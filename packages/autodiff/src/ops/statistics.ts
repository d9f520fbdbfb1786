import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { axisAdvice } from './option-rules.ts';
import { elementwise, multiply } from './pointwise.ts';
import { type ReduceOptions, reduceRules, reductionOf } from './reduction.ts';
import { rootOf } from './root.ts';
import { sumOver } from './views.ts';

const rules = {
  ...reduceRules,
  /** What is taken from the number of elements in the divisor: 0 as in NumPy, 1 as PyTorch does. Default 0. */
  ddof: option.integer(),
};

/** Options of `variance` and `standardDeviation`. */
export type VarianceOptions = OptionsOf<typeof rules>;

/**
 * The variance of elements over some axes, or all, Σ(x − mean)² / (N − ddof): x of any shape → the shape without these
 * axes. NaN where N ≤ ddof and all elements are equal, else ∞.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function variance(x: Tensor, options?: VarianceOptions): Tensor {
  return varianceOf('variance', x, options);
}

/**
 * The standard deviation of elements over some axes, or all, the root of `variance`: x of any shape → the shape without
 * these axes. The gradient is 0 where all elements are equal.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function standardDeviation(x: Tensor, options?: VarianceOptions): Tensor {
  return rootOf(varianceOf('standardDeviation', x, options));
}

function varianceOf(operation: string, x: Tensor, options: VarianceOptions = {}): Tensor {
  checkOptions(operation, rules, options, axisAdvice);
  const { ddof = 0, ...reduced } = options;
  const { axes, shape } = reductionOf(operation, x, reduced as ReduceOptions);
  const count = axes.reduce((total, axis) => total * (x.shape[axis] as number), 1);
  const squares = deviation(x, multiply(sumOver(x, axes), 1 / count));
  return multiply(sumOver(squares, axes, shape), 1 / Math.max(0, count - ddof));
}

const deviation = elementwise('variance', (x, mean) => x.minus(mean).times(x.minus(mean)));
