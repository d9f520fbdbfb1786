import type { Real } from '@funhash/formula';
import { elementwise } from '../ops/pointwise.ts';

/**
 * +1 where x ≥ 0, else −1; the gradient is that of the hard tanh: 1 where |x| ≤ 1, else 0. The statement of `binarize`
 * as weight formulas take it.
 */
export function binarized(x: Real): Real {
  return x.negate().ifPositive(-1, 1).withGradientOf(hardTanh(x));
}

/** x kept within ±1. */
export function hardTanh(x: Real): Real {
  return x.minus(1).ifPositive(1, x.plus(1).negate().ifPositive(-1, x));
}

/**
 * Deterministic binarisation with the straight-through estimator (Courbariaux et al. 2016, arXiv:1602.02830, eq. 1
 * and 4): +1 where x ≥ 0, else −1. The cotangent passes where |x| ≤ 1 and is 0 elsewhere.
 */
export const binarize = elementwise('binarize', binarized);
