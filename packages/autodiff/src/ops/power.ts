import { type Program, Real, tracePointwise } from '@funhash/formula';
import { requireTensor, Tensor } from '@funhash/tensor';
import { recorded, withoutTape } from '../tape.ts';
import { applyPointwise, elementwise, multiply, type Operand } from './pointwise.ts';
import { sumTo } from './views.ts';

/**
 * x to a power, with the values and gradients of PyTorch: a whole exponent takes any x, another one x ≥ 0 (elsewhere
 * NaN). 0⁰ is 1; the gradient of the exponent at x = 0 is 0 where that is not negative.
 */
export function power(x: Tensor, exponent: Operand): Tensor {
  requireTensor('power', x);
  if (exponent instanceof Tensor) return anyPower(x, exponent);
  return Number.isInteger(exponent) ? wholePower(x, exponent) : realPower(x, exponent);
}

// The gradients are not derived from the formula: at 0 they would be products of 0 and ∞.
function anyPower(x: Tensor, y: Tensor): Tensor {
  return recorded(
    [x, y],
    withoutTape(() => anyValue(x, y)),
    (g, needed) => [
      needed(0) ? sumTo(multiply(g, multiply(y, anyPower(x, oneLess(y)))), x.shape) : undefined,
      needed(1) ? sumTo(multiply(g, multiply(anyPower(x, y), logOf(x, y))), y.shape) : undefined,
    ],
  );
}

// At y = 0, where the gradient of x is 0, no power that may be infinite.
const oneLess = elementwise('power gradient', (y) => y.abs().ifPositive(y.minus(1), 0));
/** log x; 0 at x = 0 for y ≥ 0, where the power does not change with y. */
const logOf = elementwise('power gradient', (x, y) =>
  x.abs().ifPositive(x, y.negate().ifPositive(x, 1)).log(),
);

const anyValue = elementwise('power', (x, y) => {
  const [size, n] = [x.abs(), y.abs()];
  // Whole exponents up to 15 by products, which are exact where the power is.
  const product = [0, 1, 2, 3].reduce<Real>(
    (power, bit) => bitOf(n, bit).ifPositive(power.times(squared(size, bit)), power),
    Real.constant(x.graph, 1),
  );
  const byProducts = y.negate().ifPositive(product.inverse(), product);
  const general = size.minus(1).abs().ifPositive(y.times(size.log()).exp(), 1);
  const fraction = y.minus(y.floor());
  const isSmall = fraction.ifPositive(-1, n.negate().plus(15.5));
  const magnitude = isSmall.ifPositive(byProducts, general);
  const half = n.times(0.5);
  const signed = half.minus(half.floor()).ifPositive(magnitude.negate(), magnitude);
  return x.negate().ifPositive(fraction.ifPositive(Number.NaN, signed), magnitude);
});

/** Positive where a bit of a whole number is set. */
function bitOf(n: Real, bit: number): Real {
  const above = n.times(2 ** -bit).floor();
  return above.minus(above.times(0.5).floor().times(2));
}

const squared = (x: Real, times: number): Real => (times === 0 ? x : squared(x.times(x), times - 1));

const wholePowers = new Map<number, Program>();

function wholePower(x: Tensor, exponent: number): Tensor {
  const program =
    wholePowers.get(exponent) ??
    tracePointwise(1, 0, ([base]) => {
      const positive = repeatedProduct(base as Real, Math.abs(exponent));
      return [exponent < 0 ? positive.inverse() : positive];
    });
  wholePowers.set(exponent, program);
  return applyPointwise('power', program, [x]);
}

// By squaring: about 2·log₂(exponent) products.
function repeatedProduct(base: Real, exponent: number): Real {
  if (exponent === 0) return base.times(0).plus(1);
  if (exponent === 1) return base;
  const half = repeatedProduct(base, Math.floor(exponent / 2));
  const whole = half.times(half);
  return exponent % 2 === 0 ? whole : whole.times(base);
}

// For x ≥ 0, elsewhere NaN.
const realValue = elementwise('power', (x, y) => x.log().times(y).exp());

// Not derived from the formula: y·p/x is 0/0 at 0.
function realPower(x: Tensor, exponent: number): Tensor {
  return recorded(
    [x],
    withoutTape(() => realValue(x, exponent)),
    (g) => [multiply(g, multiply(power(x, exponent - 1), exponent))],
  );
}
