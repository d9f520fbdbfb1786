import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, runReduce, type Tensor } from '@funhash/tensor';
import { withoutTape } from '../tape.ts';
import { axisAdvice } from './option-rules.ts';
import { abs, add, divide, elementwise, equal, multiply, square, subtract } from './pointwise.ts';
import { power } from './power.ts';
import { max } from './reduce.ts';
import { type ReduceOptions, reduceRules, reductionOf } from './reduction.ts';
import { rootOf } from './root.ts';
import { reshape, sumOver } from './views.ts';

const rules = {
  ...reduceRules,
  /** The order p of the norm (Σ|x|ᵖ)^(1/p), or Infinity for the largest |x|. Default 2. */
  order: option.that<number>('a number above 0, or Infinity', (value) => (value as number) > 0),
};

/** Options of `norm`. */
export type NormOfOptions = OptionsOf<typeof rules>;

/**
 * The norm of elements as one vector over some axes, or all, by default Euclid's √Σx²: x of any shape → the shape
 * without these axes. No intermediate overflows. The gradient of Euclid's norm at 0 is 0.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function norm(x: Tensor, options: NormOfOptions = {}): Tensor {
  requireTensor('norm', x);
  checkOptions('norm', rules, options, axisAdvice);
  const { order = 2, ...over } = options;
  if (order === Number.POSITIVE_INFINITY) return max(abs(x), over as ReduceOptions);
  const { axes, shape } = reductionOf('norm', x, over as ReduceOptions);
  if (order === 1) return sumOver(abs(x), axes, shape);
  // The norm is the same for any scale: the largest element, a constant, keeps squares in range.
  const scale = withoutTape(() => scaleOf(runReduce('max', abs(x), axes), x.dtype === 'f64' ? 1e308 : 3e38));
  const scaled = divide(x, scale);
  const sums = sumOver(order === 2 ? square(scaled) : power(abs(scaled), order), axes);
  const result = multiply(order === 2 ? rootOf(sums) : powerOf(sums, 1 / order), scale);
  return shape ? reshape(result, shape) : result;
}

// As `rootOf`: 0 at 0, with gradient 0.
function powerOf(sums: Tensor, exponent: number): Tensor {
  const isZero = equal(sums, 0);
  return subtract(power(add(sums, isZero), exponent), isZero);
}

// 1 where all elements are 0 or none are there; never ∞, by which only NaN could be divided.
const scaleOf = elementwise('norm', (most, bound) => most.ifPositive(most.minimum(bound), 1));
