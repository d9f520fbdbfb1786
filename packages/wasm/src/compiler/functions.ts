import { expm1Limit, expm1NearZero } from '@funhash/formula';
import type { Local } from '../assembler/code.ts';
import type { Vector } from './vector.ts';

/**
 * Elementary functions of four f32 lanes. Polynomials of the Cephes library (Moshier 1992) for exp, log, sin and cos:
 * relative error ≤ 3e-7 for exp (results that are not subnormal) and log (away from 1, absolute 1e-7 near it),
 * error ≤ 2e-7 for sin and cos up to |x| = 1e6. Infinities, zeros and NaN as in Math.
 */

// ln 2 in two parts: the first has few bits, so that its products with small integers are exact.
const ln2High = 0.693359375;
const ln2Low = -2.1219444005469057e-4;

/** e^r − 1 = r + r²·(c₀ + c₁r + …) for |r| ≤ ln 2 / 2, relative error ≤ 1.4e-8 (a minimax fit of this project). */
const exponential = [0.4999999815, 0.1666654342, 0.04166720071, 0.008366547199, 0.001388251655];

// 2^23·1.5 + 127: behind a sum with it, the low bits of a number are its nearest integer n plus 127.
const rounder = 12582912 + 127;

/** Integer n and r with c = n·ln 2 + r, |r| ≤ ln 2 / 2, and n + 127 in the low bits of `shifted`. */
function reduced(v: Vector, c: Local): { readonly shifted: Local; readonly n: Local; readonly r: Local } {
  const shifted = v.multiplyAdd(c, v.real(Math.LOG2E), v.real(rounder));
  const n = v.sub(shifted, v.real(rounder));
  const r = v.multiplyAdd(n, v.real(-ln2Low), v.multiplyAdd(n, v.real(-ln2High), c));
  return { shifted, n, r };
}

/** e^r − 1 for a rest r of `reduced`. */
const expm1OfRest = (v: Vector, r: Local): Local =>
  v.multiplyAdd(v.mul(r, r), v.polynomial(r, exponential), r);

export function exp(v: Vector, x: Local): Local {
  const c = v.atLeast(v.atMost(x, 89), -104);
  const { n, r } = reduced(v, c);
  const y = v.add(expm1OfRest(v, r), v.real(1));
  // 2^n in two factors, because n itself may exceed the range of exponents.
  const k = v.op('i32x4.trunc_sat_f32x4_s', n);
  const first = v.shift('i32x4.shr_s', k, 1);
  const power = (exponent: Local): Local =>
    v.shift('i32x4.shl', v.op('i32x4.add', exponent, v.word(127)), 23);
  return v.mul(v.mul(y, power(first)), power(v.op('i32x4.sub', k, first)));
}

/**
 * What e^−|x| and e^−|x| − 1 are made of: p·s and s = 2^n, with e^−|x| = p·s + s. Cheaper than `exp`, for results that are
 * not subnormal: those are 0, as s is for n = −127.
 */
export function fading(v: Vector, x: Local): readonly [ps: Local, s: Local] {
  const c = v.atLeast(v.op('v128.or', x, v.word(0x80000000)), -88.1);
  const { shifted, r } = reduced(v, c);
  const s = v.shift('i32x4.shl', shifted, 23);
  return [v.mul(expm1OfRest(v, r), s), s];
}

/** e^x − 1 near 0, where the difference would cancel. */
export function expm1(v: Vector, x: Local): Local {
  const near = v.mul(x, v.polynomial(x, expm1NearZero));
  const far = v.sub(exp(v, x), v.real(1));
  return v.choose(v.op('f32x4.lt', v.op('f32x4.abs', x), v.real(expm1Limit)), near, far);
}

export function log(v: Vector, x: Local): Local {
  const subnormal = v.op('f32x4.lt', x, v.real(2 ** -126));
  const scaled = v.choose(subnormal, v.mul(x, v.real(2 ** 23)), x);
  const shift = v.op('v128.and', subnormal, v.word(23));
  const half = v.op('v128.or', v.op('v128.and', scaled, v.word(0x007fffff)), v.word(0x3f000000));
  const small = v.op('f32x4.lt', half, v.real(Math.SQRT1_2));
  const m = v.sub(v.add(half, v.op('v128.and', small, half)), v.real(1));
  const exponent = v.op(
    'i32x4.add',
    v.op('i32x4.sub', v.op('i32x4.sub', v.shift('i32x4.shr_u', scaled, 23), v.word(126)), shift),
    small,
  );
  const e = v.op('f32x4.convert_i32x4_s', exponent);
  const z = v.mul(m, m);
  const p = v.polynomial(
    m,
    [
      0.33333331174, -0.24999993993, 0.20000714765, -0.16668057665, 0.14249322787, -0.12420140846,
      0.1167699874, -0.1151461031, 0.070376836292,
    ],
  );
  const tail = v.multiplyAdd(e, v.real(ln2Low), v.mul(v.mul(m, z), p));
  const y = v.multiplyAdd(e, v.real(ln2High), v.add(m, v.sub(tail, v.mul(z, v.real(0.5)))));
  const zero = v.real(0);
  const negative = v.choose(v.op('f32x4.lt', x, zero), v.real(Number.NaN), y);
  const atZero = v.choose(v.op('f32x4.eq', x, zero), v.real(Number.NEGATIVE_INFINITY), negative);
  return v.choose(v.op('f32x4.lt', x, v.real(Number.POSITIVE_INFINITY)), atZero, x);
}

export const sin = (v: Vector, x: Local): Local => sinusoid(v, x, 0);
export const cos = (v: Vector, x: Local): Local => sinusoid(v, x, 1);

// sin(x + quarter·π/2): x is reduced to [−π/4, π/4] in double precision, so that large x lose nothing.
function sinusoid(v: Vector, x: Local, quarter: 0 | 1): Local {
  const reduce = (pair: Local): { rest: Local; turns: Local } => {
    const d = v.op('f64x2.promote_low_f32x4', pair);
    const n = v.op('f64x2.nearest', v.op('f64x2.mul', d, v.double(2 / Math.PI)));
    const minus = (a: Local, part: number): Local =>
      v.op('f64x2.sub', a, v.op('f64x2.mul', n, v.double(part)));
    const rest = minus(minus(d, 1.5707963267341256), 6.077100506506192e-11);
    const fours = v.op('f64x2.nearest', v.op('f64x2.mul', n, v.double(0.25)));
    const turns = v.op('f64x2.sub', n, v.op('f64x2.mul', fours, v.double(4)));
    return {
      rest: v.op('f32x4.demote_f64x2_zero', rest),
      turns: v.op('i32x4.trunc_sat_f64x2_s_zero', turns),
    };
  };
  const low = reduce(x);
  const high = reduce(v.shuffle(x, x, 2, 3, 0, 1));
  const r = v.shuffle(low.rest, high.rest, 0, 1, 4, 5);
  const turns = v.op('i32x4.add', v.shuffle(low.turns, high.turns, 0, 1, 4, 5), v.word(quarter));
  const z = v.mul(r, r);
  const sine = v.multiplyAdd(
    v.mul(r, z),
    v.polynomial(z, [-0.16666654611, 0.0083321608736, -0.00019515295891]),
    r,
  );
  const cosine = v.multiplyAdd(
    v.mul(z, z),
    v.polynomial(z, [0.04166664568298827, -0.001388731625493765, 0.00002443315711809948]),
    v.sub(v.real(1), v.mul(z, v.real(0.5))),
  );
  const odd = v.op('i32x4.ne', v.op('v128.and', turns, v.word(1)), v.word(0));
  const sign = v.shift('i32x4.shl', v.shift('i32x4.shr_u', turns, 1), 31);
  // The rest of |x| beyond 1e9 has no right digits, but a sine stays one.
  const bounded = v.atLeast(v.atMost(v.choose(odd, cosine, sine), 1), -1);
  return v.op('v128.xor', bounded, sign);
}
