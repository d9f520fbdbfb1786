import { type Program, type Real, tracePointwise } from '@funhash/formula';
import { requireTensor, Tensor } from '@funhash/tensor';
import { recorded, withoutTape } from '../tape.ts';
import { applyPointwise, elementwise, multiply, type Operand } from './pointwise.ts';

/**
 * x to a power. A whole number as exponent takes any x; another number x ≥ 0, a tensor x > 0: elsewhere NaN.
 */
export function power(x: Tensor, exponent: Operand): Tensor {
  requireTensor('power', x);
  if (exponent instanceof Tensor) return anyPower(x, exponent);
  return Number.isInteger(exponent) ? wholePower(x, exponent) : realPower(x, exponent);
}

const anyPower = elementwise('power', (x, y) => x.log().times(y).exp());

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

// Not derived from the formula: y·p/x is 0/0 at 0.
function realPower(x: Tensor, exponent: number): Tensor {
  return recorded(
    [x],
    withoutTape(() => anyPower(x, exponent)),
    (g) => [multiply(g, multiply(power(x, exponent - 1), exponent))],
  );
}
