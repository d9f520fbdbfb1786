import type { Real } from '@funhash/formula';

/** The logistic function σ(x) = 1 / (1 + e⁻ˣ) of one element: the one statement for ops, gates and layers. */
export function logistic(x: Real): Real {
  return x.times(0.5).tanh().times(0.5).plus(0.5);
}
