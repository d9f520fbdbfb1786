import type { Real } from '@funhash/formula';
import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { elementwise } from '../ops/pointwise.ts';

/** The least and the greatest level, in steps. */
export interface Levels {
  readonly low: number;
  readonly high: number;
}

/**
 * Levels of so many bits: −2^(bits − 1) to 2^(bits − 1) − 1, or 0 to 2^bits − 1 without a sign.
 *
 * @throws ArgumentError unless bits is a whole number from 2 to 8, or from 1 without a sign
 */
export function levelsOf(bits: number, { signed }: { readonly signed: boolean }): Levels {
  const least = signed ? 2 : 1;
  if (!(Number.isInteger(bits) && bits >= least && bits <= 8))
    throw new ArgumentError({
      operation: 'levelsOf',
      expected: `${least} to 8 bits`,
      actual: String(bits),
    });
  return signed ? { low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 } : { low: 0, high: 2 ** bits - 1 };
}

interface LevelTerms {
  readonly low: Real | number;
  readonly high: Real | number;
  readonly count: Real;
}

/**
 * The level of x in steps, the nearest one between `low` and `high`, and the step: with the gradients of `learnedStep`, so that
 * their product is that.
 */
export function learnedLevel(
  x: Real,
  step: Real,
  { low, high, count }: LevelTerms,
): { readonly level: Real; readonly unit: Real } {
  const share = count.times(high).sqrt().inverse();
  const unit = step.withGradientOf(step.times(share));
  const ratio = x.over(unit);
  const kept = ratio.minus(high).ifPositive(high, ratio.minus(low).negate().ifPositive(low, ratio));
  return { level: kept.plus(0.5).floor().withGradientOf(kept), unit };
}

/**
 * x as the nearest multiple of `step` between `low` and `high` steps. The gradient passes to x between these bounds and
 * is 0 beyond; that of the step is (level − x / step), the bound beyond, times 1 / √(count · high). The statement of
 * `quantize` as weight formulas take it.
 */
export function learnedStep(x: Real, step: Real, terms: LevelTerms): Real {
  const { level, unit } = learnedLevel(x, step, terms);
  return level.times(unit);
}

const rules = {
  /** The least level, in steps. */
  low: option.required(option.real()),
  /** The greatest level, in steps. */
  high: option.required(option.real()),
  /** The number of values that share the step: entries of a weight, features of an activation. */
  count: option.required(option.positive()),
};

/** Options of `quantize`. */
type QuantizeOptions = OptionsOf<typeof rules>;

const quantizeBy = elementwise('quantize', (x, step, low, high, count) =>
  learnedStep(x, step, { low, high, count }),
);

/**
 * Quantisation with a learned step size (Esser et al. 2020, arXiv:1902.08153, eq. 1 to 3, section 2.2): the nearest
 * multiple of the step between `low` and `high` steps, halves upwards. The gradient passes to x between these bounds and
 * is 0 beyond; that of the step is Σ (level − x / step), the bound beyond, times 1 / √(count · high).
 *
 * @param step one element, above 0
 * @throws ShapeError for a step of more elements; OptionError for an unknown option
 */
export function quantize(x: Tensor, step: Tensor, options: QuantizeOptions): Tensor {
  requireTensor('quantize', x);
  requireTensor('quantize', step, 'step');
  checkOptions('quantize', rules, options);
  const { low, high, count } = options;
  if (step.size !== 1)
    throw new ShapeError({
      operation: 'quantize',
      expected: 'a step of one element',
      actual: shapeText(step.shape),
    });
  return quantizeBy(x, step, low, high, count);
}
