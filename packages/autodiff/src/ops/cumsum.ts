import { checkOptions, type OptionsOf } from '@funhash/hashing';
import { runScan, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { axisOf, withAxisLast, withLastAt } from './axis-last.ts';
import { flip } from './flip.ts';
import { axisAdvice, axisOption } from './option-rules.ts';

const rules = {
  /** The axis along which elements are summed, counted from the last where negative. Default the last. */
  axis: axisOption(),
};

/** Options of `cumsum`. */
export type CumsumOptions = OptionsOf<typeof rules>;

/**
 * Cumulative sums along an axis, each with its own element: x of any shape but [] → the same shape. Its gradient is the
 * cumulative sum of the cotangent from the other end. Takes f32, f64 and, without gradient, i32.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function cumsum(x: Tensor, options: CumsumOptions = {}): Tensor {
  checkOptions('cumsum', rules, options, axisAdvice);
  const axis = axisOf('cumsum', x, options.axis ?? -1);
  return withLastAt(alongLast(withAxisLast(x, axis)), axis);
}

function alongLast(x: Tensor): Tensor {
  const fromEnd = (g: Tensor): Tensor => flip(g, { axis: -1 });
  return recorded([x], runScan(x), (g) => [fromEnd(alongLast(fromEnd(g)))]);
}
