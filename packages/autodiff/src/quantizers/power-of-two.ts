import { Real } from '@funhash/formula';
import { elementwise } from '../ops/pointwise.ts';

/** Exponents of two from −64 to 63 in binary digits, the highest first. */
const digits = [64, 32, 16, 8, 4, 2, 1];

/**
 * sign(x) · 2^round(log₂|x|), AP2 of the paper, with 2^round(…) kept within 2^-64 and 2^63 and 0 for 0. By comparisons
 * and exact products alone, so that it is the same on every backend. The gradient is that of x.
 *
 * Source: Courbariaux et al. 2016, arXiv:1602.02830, section 1.5.
 */
export function nearestPowerOfTwo(x: Real): Real {
  let rest = x.abs().times(2 ** 64);
  let power = Real.constant(x.graph, 2 ** -64);
  for (const digit of digits) {
    const above = rest.minus(2 ** (digit - 0.5));
    power = above.ifPositive(power.times(2 ** digit), power);
    rest = above.ifPositive(rest.times(2 ** -digit), rest);
  }
  return x.ifPositive(power, x.negate().ifPositive(power.negate(), x)).withGradientOf(x);
}

/** Each element as the nearest power of two by its logarithm, with its sign; the cotangent passes unchanged. */
export const powerOfTwo = elementwise('powerOfTwo', nearestPowerOfTwo);
