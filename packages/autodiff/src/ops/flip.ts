import { checkOptions, type OptionsOf } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import { gatherRows } from './index-ops.ts';
import { axesOption, axisAdvice } from './option-rules.ts';
import { axesOf } from './reduction.ts';
import { transpose } from './views.ts';

const rules = {
  /** The axis or axes to reverse, counted from the last where negative. Default: all. */
  axis: axesOption(),
};

/** Options of `flip`. */
export type FlipOptions = OptionsOf<typeof rules>;

/**
 * The elements along some axes, or all, from the last to the first: x of any shape and dtype → the same shape.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function flip(x: Tensor, options: FlipOptions = {}): Tensor {
  checkOptions('flip', rules, options, axisAdvice);
  return axesOf('flip', x, options.axis).reduce(reversed, x);
}

function reversed(x: Tensor, axis: number): Tensor {
  const extent = x.shape[axis] as number;
  if (extent < 2) return x;
  const order = tensor(Int32Array.from({ length: extent }, (_, k) => extent - 1 - k));
  const exchange = [...x.shape.keys()].with(0, axis).with(axis, 0);
  return transpose(gatherRows(transpose(x, exchange), order), exchange);
}
