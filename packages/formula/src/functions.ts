import type { RealOp } from './graph.ts';
import type { Program } from './program.ts';
import { Real } from './real.ts';
import { replaced } from './rewrite.ts';

/**
 * The transcendental functions that compilers do not write themselves, stated once for all of them, in f32: by exp, expm1,
 * log and arithmetic. Each has a relative error of a few roundings wherever its result is a normal number, in the tails as
 * near 0, so that it may be multiplied by what grows and its logarithm may be taken.
 *
 * All of tanh, sech and the logistic function are made of h = e^−|x|: of a value and a slope at the same place, h is
 * computed once.
 */
export const functions = {
  // h² − 1 = m·(m + 2) with m = h − 1 all digits near 0, where 1 − h² would cancel.
  tanh: (x) => {
    const m = x.abs().negate().expm1();
    const less = m.times(m.plus(2));
    const size = less.over(less.plus(2));
    return x.ifPositive(size.negate(), size);
  },
  sech: (x) => {
    const { h, share } = fading(x);
    return h.times(2).times(share);
  },
  // a/(1 + h²) or a·h²/(1 + h²) with h = e^(−|z|/2): h underflows where the result is long 0, a·h does not before it.
  gatedBy: (a, z) => {
    const { h, h2, share } = fading(z.times(0.5));
    const tail = isOne(a) ? h2 : a.maximum(-largest).minimum(largest).times(h).times(h);
    return z.ifPositive(a, tail).times(share);
  },
  // log (1 + x) = 2·artanh(x / (2 + x)) near 0. A comparison with NaN, which ∞/∞ is, is false.
  log1p: (x) => {
    const s = x.over(x.plus(2));
    const near = s.times(2).times(polynomial(s.times(s), [1, 1 / 3, 1 / 5, 1 / 7, 1 / 9]));
    return s.abs().minus(0.2).negate().ifPositive(near, x.plus(1).log());
  },
} as const satisfies Partial<Record<RealOp, (a: Real, b: Real) => Real>>;

/** Largest finite number of f32. */
const largest = 3.4028234663852886e38;

/** Below this |x|, e^x − 1 is x·(1 + x/2 + …): with these coefficients to all digits. */
export const expm1Limit = 0.35;
export const expm1NearZero = [1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040];

function isOne({ graph, id }: Real): boolean {
  const { op, value } = graph.at(id);
  return op === 'real' && value === 1;
}

/** h = e^−|x|, h², and 1 / (1 + h²). */
function fading(x: Real): Readonly<Record<'h' | 'h2' | 'share', Real>> {
  const h = x.abs().negate().exp();
  const h2 = h.times(h);
  return { h, h2, share: h2.plus(1).inverse() };
}

/** Horner's rule: coefficients[0] + x·(coefficients[1] + …). */
function polynomial(x: Real, coefficients: readonly number[]): Real {
  const [last, ...rest] = coefficients.toReversed() as [number, ...number[]];
  return rest.reduce((sum, c) => sum.times(x).plus(c), Real.constant(x.graph, last));
}

const known = new WeakMap<Program, Program>();

/** The program with every function of `functions` written out, for compilers: f32 only, not to be differentiated. */
export function expanded(program: Program): Program {
  let found = known.get(program);
  if (!found) {
    const has = program.nodes.some(({ op }) => op in functions);
    found = has ? replaced(program, ({ op }) => functions[op as keyof typeof functions]) : program;
    known.set(program, found);
  }
  return found;
}
