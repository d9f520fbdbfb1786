import { adjoint, type Program, type Real, tracePointwise } from '@funhash/formula';
import { DTypeError, full, isFloat, runMap, Tensor } from '@funhash/tensor';
import { record } from '../tape.ts';
import { sumTo } from './views.ts';

/** A tensor, or a number that takes the dtype of the tensors beside it. */
export type Operand = Tensor | number;

/**
 * Makes a differentiable elementwise op from a statement about one element. Operands broadcast; the gradients are
 * derived from the statement, to any order.
 *
 *     const swish = unary('swish', (x) => x.times(x.times(0.5).tanh().times(0.5).plus(0.5)));
 */
export function unary(name: string, statement: (x: Real) => Real): (x: Operand) => Tensor {
  return pointwise(name, 1, ([x]) => statement(x as Real));
}

/** As `unary`, of two operands. */
export function binary(
  name: string,
  statement: (x: Real, y: Real) => Real,
): (x: Operand, y: Operand) => Tensor {
  return pointwise(name, 2, ([x, y]) => statement(x as Real, y as Real));
}

/** As `unary`, of three operands. */
export function ternary(
  name: string,
  statement: (x: Real, y: Real, z: Real) => Real,
): (x: Operand, y: Operand, z: Operand) => Tensor {
  return pointwise(name, 3, ([x, y, z]) => statement(x as Real, y as Real, z as Real));
}

function pointwise(
  name: string,
  arity: number,
  statement: (operands: readonly Real[]) => Real,
): (...operands: Operand[]) => Tensor {
  let program: Program | undefined;
  return (...operands) => {
    program ??= tracePointwise(arity, 0, (inputs) => [statement(inputs)]);
    return applyPointwise(name, program, asTensors(name, operands));
  };
}

/** Evaluates a program of one output over tensors, differentiably. */
export function applyPointwise(name: string, program: Program, inputs: readonly Tensor[]): Tensor {
  const [output] = runMap(name, program, inputs) as [Tensor];
  record(inputs, [output], (cotangents, needed) =>
    inputs.map((input, k) =>
      needed(k)
        ? sumTo(
            applyPointwise(`${name} gradient`, gradientProgram(program, k), [...inputs, ...cotangents]),
            input.shape,
          )
        : undefined,
    ),
  );
  return output;
}

const gradients = new WeakMap<Program, Map<number, Program>>();

function gradientProgram(program: Program, input: number): Program {
  const known = gradients.get(program) ?? new Map<number, Program>();
  gradients.set(program, known);
  let found = known.get(input);
  if (!found) {
    const whole = adjoint(program);
    found = whole.only([whole.outputs[input] as number]);
    known.set(input, found);
  }
  return found;
}

function asTensors(name: string, operands: readonly Operand[]): Tensor[] {
  const first = operands.find((operand) => operand instanceof Tensor) as Tensor | undefined;
  const dtype = first?.dtype ?? 'f32';
  if (!isFloat(dtype))
    throw new DTypeError({
      operation: name,
      expected: 'floating-point operands (f32 or f64)',
      actual: String(first),
      remedy: 'Convert with cast.',
    });
  return operands.map((operand) => (operand instanceof Tensor ? operand : full([], operand, { dtype })));
}

// One row an op: its gradient, its kernels on every backend and its f64 form are derived from the row.

export const add = binary('add', (x, y) => x.plus(y));
export const subtract = binary('subtract', (x, y) => x.minus(y));
export const multiply = binary('multiply', (x, y) => x.times(y));
export const divide = binary('divide', (x, y) => x.over(y));
/** Equal operands share the gradient. */
export const maximum = binary('maximum', (x, y) => x.maximum(y));
export const minimum = binary('minimum', (x, y) => x.minimum(y));

/** 1 where the comparison holds, else 0; no gradient. */
export const greater = binary('greater', (x, y) => x.minus(y).ifPositive(1, 0));
export const less = binary('less', (x, y) => y.minus(x).ifPositive(1, 0));
export const equal = binary('equal', (x, y) => x.minus(y).abs().ifPositive(0, 1));
/** y where x is not 0, else z. */
export const where = ternary('where', (x, y, z) => x.abs().ifPositive(y, z));

export const negative = unary('negative', (x) => x.negate());
export const reciprocal = unary('reciprocal', (x) => x.inverse());
export const square = unary('square', (x) => x.times(x));
export const sqrt = unary('sqrt', (x) => x.sqrt());
export const exp = unary('exp', (x) => x.exp());
export const log = unary('log', (x) => x.log());
export const sin = unary('sin', (x) => x.sin());
export const cos = unary('cos', (x) => x.cos());
export const abs = unary('abs', (x) => x.abs());
export const sign = unary('sign', (x) => x.sign());
export const floor = unary('floor', (x) => x.floor());

export const relu = unary('relu', (x) => x.relu());
/** max(x, 0.01·x). */
export const leakyRelu = unary('leakyRelu', (x) => x.ifPositive(x, x.times(0.01)));
/** x where positive, else eˣ − 1. */
export const elu = unary('elu', (x) => x.ifPositive(x, x.minimum(0).exp().minus(1)));
export const tanh = unary('tanh', (x) => x.tanh());
/** 1 / (1 + e⁻ˣ), written by tanh so that no intermediate overflows. */
export const sigmoid = unary('sigmoid', (x) => logistic(x));
/** log(1 + eˣ). */
export const softplus = unary('softplus', (x) => x.maximum(0).plus(x.abs().negate().exp().plus(1).log()));
/** x · sigmoid(x). */
export const silu = unary('silu', (x) => x.times(logistic(x)));
/** The tanh form of Hendrycks and Gimpel 2016 (arXiv:1606.08415). */
export const gelu = unary('gelu', (x) => {
  const inner = x.plus(x.times(x).times(x).times(0.044715)).times(Math.sqrt(2 / Math.PI));
  return x.times(0.5).times(inner.tanh().plus(1));
});

function logistic(x: Real): Real {
  return x.times(0.5).tanh().times(0.5).plus(0.5);
}
