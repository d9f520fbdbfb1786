import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { normalizeAxis, requireTensor, ShapeError, type Tensor } from '@funhash/tensor';
import { axesOption, axisAdvice } from './option-rules.ts';

export const reduceRules = {
  /** The axis or axes to reduce, counted from the last where negative. Default: all. */
  axis: axesOption(),
  /** Whether reduced axes are kept, with extent 1. Default false. */
  keepDims: option.flag(),
};

/** Options of `sum`, `mean`, `max`, `min`, `prod` and `logSumExp`. */
export type ReduceOptions = OptionsOf<typeof reduceRules>;

/** What a reduction is over, and the shape of what it gives. */
export interface Reduction {
  readonly axes: readonly number[];
  /** Shape of the result; undefined where the axes are kept. */
  readonly shape: readonly number[] | undefined;
}

/** Reads checked options of a reduction of x. */
export function reductionOf(operation: string, x: Tensor, options: ReduceOptions | undefined): Reduction {
  requireTensor(operation, x);
  if (options === undefined) return { axes: x.shape.map((_, axis) => axis), shape: [] };
  checkOptions(operation, reduceRules, options, axisAdvice);
  const axes = axesOf(operation, x, options.axis);
  return { axes, shape: options.keepDims ? undefined : x.shape.filter((_, axis) => !axes.includes(axis)) };
}

/**
 * Axes counted from the first; undefined stands for all.
 *
 * @throws ShapeError for an axis that x lacks, or one named twice
 */
export function axesOf(
  operation: string,
  x: Tensor,
  axis: number | readonly number[] | undefined,
): readonly number[] {
  requireTensor(operation, x);
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
