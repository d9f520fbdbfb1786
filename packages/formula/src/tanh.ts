/**
 * tanh as one rational function x·P(x²)/Q(x²) on [−7, 7]: the definition of f32 tanh on every backend.
 * Absolute error ≤ 1.3e-6 in f32; |y| < 1 inside the clamp; 1 − y² is the derivative within 2.5e-6.
 * Coefficients: a minimax fit of this project.
 */
export const tanhClamp = 7;
export const tanhNumerator = [0.999995703, 0.12302235, 0.00227702621, 3.93012738e-6] as const;
export const tanhDenominator = [1, 0.456340873, 0.0210723782, 0.000142354215] as const;

const [p0, p1, p2, p3] = tanhNumerator.map(Math.fround) as [number, number, number, number];
const [, q1, q2, q3] = tanhDenominator.map(Math.fround) as [number, number, number, number];

/** f32 tanh of `x`, evaluated by Horner's rule and rounded at the end. */
export function roundedTanh(x: number): number {
  const c = Math.max(-tanhClamp, Math.min(tanhClamp, x));
  const s = c * c;
  return Math.fround((c * (p0 + s * (p1 + s * (p2 + s * p3)))) / (1 + s * (q1 + s * (q2 + s * q3))));
}
