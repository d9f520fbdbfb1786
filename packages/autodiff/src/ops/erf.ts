import { Real } from '@funhash/formula';
import type { Tensor } from '@funhash/tensor';
import { recorded, withoutTape } from '../tape.ts';
import { elementwise, multiply } from './pointwise.ts';

// Functions of the normal distribution with relative accuracy in their tails, in f32 and f64 by one formula. Gradients are
// given: those of an approximation would be less exact than it.

/**
 * Chebyshev coefficients of log (erfc(u)·e^{u²} / t), t = 2 / (2 + u), over t from 0 to 1: the ansatz of Press et al.,
 * Numerical Recipes, section 6.2.2. Computed by erf.fixtures.py.
 */
// biome-ignore format: a table
export const tail = [
  -1.3026537197817094, 0.6419697923564902, 0.019476473204185836, -0.009561514786808632,
  -0.0009465953444820369, 0.00036683949785276145, 4.252332480690777e-05, -2.0278578112534242e-05,
  -1.6242900046470256e-06, 1.3036558355805232e-06, 1.5626441722066142e-08, -8.523809591492654e-08,
  6.5290544390988515e-09, 5.059343495551469e-09, -9.91364156493033e-10, -2.273651222931836e-10,
  9.646791102015527e-11, 2.3940380830391146e-12, -6.886027526497553e-12, 8.944879273090725e-13,
  3.130921399342958e-13, -1.1270822361367252e-13, 3.810905255189232e-16, 7.106097613609237e-15,
  -1.5230282014571043e-15, -9.457494571291233e-17, 1.210237189224279e-16, -2.816663087747177e-17,
];

/** erfc(u)·e^{u²} of u ≥ 0. */
function scaledTail(u: Real): Real {
  const t = u.plus(2).inverse().times(2);
  const y = t.times(4).minus(2);
  let [now, before] = [Real.constant(u.graph, 0), Real.constant(u.graph, 0)];
  for (let k = tail.length - 1; k > 0; k--)
    [now, before] = [
      y
        .times(now)
        .minus(before)
        .plus(tail[k] as number),
      now,
    ];
  return y
    .times(now)
    .plus(tail[0] as number)
    .times(0.5)
    .minus(before)
    .exp()
    .times(t);
}

/** Beyond it all tails are 0 in f64: what is larger is as good as infinite. */
const farthest = 40;

/** e^{−c·z²} of z ≥ 0. The square is split in a part that is exact in f32 and a small one: large ones round too far. */
function bell(z: Real, c: number): Real {
  const exact = z
    .times(16)
    .floor()
    .times(1 / 16);
  const rest = z.minus(exact).times(z.plus(exact)).times(-c).exp();
  return exact.times(exact).times(-c).exp().times(rest);
}

const magnitude = (x: Real): Real => x.abs().minimum(farthest);

/** erfc(|x|) */
const tailOf = (x: Real): Real => scaledTail(magnitude(x)).times(bell(magnitude(x), 1));

// The series by powers of x² alternates, and loses no digit up to |x| = 1.
function series(x: Real): Real {
  const s = x.times(x);
  let sum = Real.constant(x.graph, 0);
  for (let n = 19, factor = -1 / 121_645_100_408_832_000; n >= 0; factor *= -Math.max(1, n), n--)
    sum = sum.times(s).plus(((2 / Math.sqrt(Math.PI)) * factor) / (2 * n + 1));
  return sum.times(x);
}

const erfValue = elementwise('erf', (x) => {
  const far = tailOf(x).negate().plus(1);
  return x.abs().minus(1).ifPositive(x.ifPositive(far, far.negate()), series(x));
});

const erfcValue = elementwise('erfc', (x) =>
  x
    .minus(0.5)
    .ifPositive(
      tailOf(x),
      x.plus(1).negate().ifPositive(tailOf(x).negate().plus(2), series(x).negate().plus(1)),
    ),
);

const density = elementwise('erf gradient', (x) => bell(magnitude(x), 1).times(2 / Math.sqrt(Math.PI)));

/**
 * The error function, 2/√π·∫₀ˣ e^{−t²} dt: x of any shape → the same shape. Relative error below 1e-6 in f32, 1e-14 in f64.
 */
export function erf(x: Tensor): Tensor {
  return recorded(
    [x],
    withoutTape(() => erfValue(x)),
    (g) => [multiply(g, density(x))],
  );
}

/**
 * The complement of the error function, 1 − erf(x), to all digits where it is tiny: x of any shape → the same shape.
 */
export function erfc(x: Tensor): Tensor {
  return recorded(
    [x],
    withoutTape(() => erfcValue(x)),
    (g) => [multiply(g, multiply(density(x), -1))],
  );
}

/** Φ(−|x|), the smaller tail of the normal distribution. */
const normalTail = (x: Real): Real =>
  scaledTail(magnitude(x).times(Math.SQRT1_2))
    .times(0.5)
    .times(bell(magnitude(x), 0.5));

const normalDensity = (x: Real): Real => bell(magnitude(x), 0.5).times(1 / Math.sqrt(2 * Math.PI));

// Where Φ is 0, −∞ would make it NaN.
const bounded = (x: Real): Real => x.maximum(-farthest);

const geluValue = elementwise('gelu', (x) => {
  const part = normalTail(x);
  return x.ifPositive(x.minus(bounded(x.minimum(farthest)).times(part)), bounded(x).times(part));
});

const geluSlope = elementwise('gelu gradient', (x) => {
  const part = normalTail(x);
  const product = bounded(x.minimum(farthest)).times(normalDensity(x));
  return x.ifPositive(part.negate().plus(1), part).plus(product);
});

const geluCurvature = elementwise('gelu gradient', (x) => {
  const z = magnitude(x);
  return z.times(z).negate().plus(2).times(normalDensity(x));
});

/** x·Φ(x), with Φ the distribution function of the normal distribution. */
export function exactGelu(x: Tensor): Tensor {
  return recorded(
    [x],
    withoutTape(() => geluValue(x)),
    (g) => [multiply(g, exactGeluSlope(x))],
  );
}

function exactGeluSlope(x: Tensor): Tensor {
  return recorded(
    [x],
    withoutTape(() => geluSlope(x)),
    (g) => [multiply(g, geluCurvature(x))],
  );
}
