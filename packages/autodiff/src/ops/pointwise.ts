import { adjoint, Program, type Real, rewrite, tracePointwise } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { full, runMap, Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
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
  const op = pointwise(name, ([x]) => statement(x as Real));
  return (x) => op([x]);
}

/** As `unary`, of two operands. */
export function binary(
  name: string,
  statement: (x: Real, y: Real) => Real,
): (x: Operand, y: Operand) => Tensor {
  const op = pointwise(name, ([x, y]) => statement(x as Real, y as Real));
  return (x, y) => op([x, y]);
}

/** As `unary`, of three operands. */
export function ternary(
  name: string,
  statement: (x: Real, y: Real, z: Real) => Real,
): (x: Operand, y: Operand, z: Operand) => Tensor {
  const op = pointwise(name, ([x, y, z]) => statement(x as Real, y as Real, z as Real));
  return (x, y, z) => op([x, y, z]);
}

/** As `unary`, of as many operands as the statement takes. */
export function nary(
  name: string,
  statement: (...operands: Real[]) => Real,
): (...operands: Operand[]) => Tensor {
  const op = pointwise(name, (operands) => statement(...operands));
  return (...operands) => op(operands);
}

function pointwise(
  name: string,
  statement: (operands: readonly Real[]) => Real,
): (operands: readonly Operand[]) => Tensor {
  // By the bits of the operands that are tensors. The others are scalars of the program: no memory, no gradient.
  const programs: Program[] = [];
  return (given) => {
    const operands = given.some((operand) => operand instanceof Tensor) ? given : withTensor(name, given);
    const tensors: Tensor[] = [];
    const numbers: number[] = [];
    let pattern = 0;
    for (let k = 0; k < operands.length; k++) {
      const operand = operands[k] as Operand;
      if (operand instanceof Tensor) {
        pattern |= 1 << k;
        tensors.push(operand);
      } else numbers.push(requireNumber(name, operand));
    }
    const program = programs[pattern] ?? traced(statement, operands, numbers.length);
    programs[pattern] = program;
    return applyPointwise(name, program, tensors, numbers);
  };
}

function traced(
  statement: (operands: readonly Real[]) => Real,
  operands: readonly Operand[],
  scalarCount: number,
): Program {
  return tracePointwise(operands.length - scalarCount, scalarCount, (inputs, scalars) => {
    const next = { input: inputs.values(), scalar: scalars.values() };
    const terms = operands.map(
      (operand) => next[operand instanceof Tensor ? 'input' : 'scalar'].next().value as Real,
    );
    return [statement(terms)];
  });
}

function withTensor(name: string, [first, ...rest]: readonly Operand[]): Operand[] {
  return [full([], requireNumber(name, first)), ...rest];
}

function requireNumber(operation: string, operand: unknown): number {
  if (typeof operand !== 'number')
    throw new ArgumentError({
      operation,
      expected: 'tensors or numbers as operands',
      actual: Array.isArray(operand) ? 'an array' : String(operand),
      remedy: 'Make arrays into tensors with tensor.',
    });
  return operand;
}

/**
 * Evaluates a program of one output over tensors that broadcast, differentiably.
 *
 * @param scalars the program's run-time reals, the same for all elements; no gradient
 */
export function applyPointwise(
  name: string,
  program: Program,
  inputs: readonly Tensor[],
  scalars: readonly number[] = [],
): Tensor {
  const [output] = runMap(name, program, inputs, scalars) as [Tensor];
  return recorded(inputs, output, (cotangent, needed) =>
    inputs.map(({ shape }, k) => {
      if (!needed(k)) return undefined;
      const { derived, reads } = gradientOf(program, k);
      // A gradient is linear in the cotangent: one that reads nothing is 0, one that is an input is the cotangent.
      if (reads.length === 0) return undefined;
      if (derived.nodes.length === 1) return sumTo(cotangent, shape);
      const operands = reads.map((slot) => inputs[slot] ?? cotangent);
      return sumTo(applyPointwise(`${name} gradient`, derived, operands, scalars), shape);
    }),
  );
}

interface Gradient {
  /** Of the inputs `reads` of the original alone, in that order: others are neither copied nor kept. */
  readonly derived: Program;
  /** The slot behind the last input is the cotangent. */
  readonly reads: readonly number[];
}

const gradients = new WeakMap<Program, Gradient[]>();

function gradientOf(program: Program, input: number): Gradient {
  let known = gradients.get(program);
  if (!known) {
    known = [];
    gradients.set(program, known);
  }
  known[input] ??= deriveGradient(program, input);
  return known[input];
}

function deriveGradient(program: Program, input: number): Gradient {
  const whole = adjoint(program);
  const wanted = whole.only([whole.outputs[input] as number]);
  const reads = wanted.nodes.filter(({ op }) => op === 'input').map(({ value }) => value);
  const { graph, outputs } = rewrite(wanted, ({ op, value }) => ({
    op,
    value: op === 'input' ? reads.indexOf(value) : value,
  }));
  return { derived: new Program(graph, outputs, [], { ...program.slots, inputs: reads.length }), reads };
}

// One row an op: its gradient, its kernels on every backend and its f64 form are derived from the row.

export const add = binary('add', (x, y) => x.plus(y));
export const subtract = binary('subtract', (x, y) => x.minus(y));
export const multiply = binary('multiply', (x, y) => x.times(y));
export const divide = binary('divide', (x, y) => x.over(y));
/** Equal operands share the gradient. */
export const maximum = binary('maximum', (x, y) => x.maximum(y));
export const minimum = binary('minimum', (x, y) => x.minimum(y));

/** x·y + z. */
export const multiplyAdd = ternary('multiplyAdd', (x, y, z) => x.times(y).plus(z));

/** 1 where the comparison holds, else 0; no gradient. */
export const greater = binary('greater', (x, y) => x.minus(y).ifPositive(1, 0));
export const less = binary('less', (x, y) => y.minus(x).ifPositive(1, 0));
export const greaterEqual = binary('greaterEqual', (x, y) => x.minus(y).ifPositive(1, isEqual(x, y)));
export const lessEqual = binary('lessEqual', (x, y) => y.minus(x).ifPositive(1, isEqual(x, y)));
export const equal = binary('equal', (x, y) => isEqual(x, y));
export const notEqual = binary('notEqual', (x, y) => isEqual(x, y).negate().plus(1));
/** y where x is not 0, else z. */
export const where = ternary('where', (x, y, z) => x.abs().ifPositive(y, z));

/** x kept within [low, high]; the gradient is 0 outside and 1 at the bounds. */
export const clip = ternary('clip', (x, low, high) =>
  low.minus(x).ifPositive(low, x.minus(high).ifPositive(high, x)),
);
/** 0, of the shape, dtype and backend of x. */
export const zerosLike = unary('zerosLike', (x) => x.times(0));
/** 1, of the shape, dtype and backend of x. */
export const onesLike = unary('onesLike', (x) => x.times(0).plus(1));

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
export const elu = unary('elu', (x) => x.ifPositive(x, x.ifPositive(0, x).exp().minus(1)));
export const tanh = unary('tanh', (x) => x.tanh());
/** 1 / (1 + e⁻ˣ), written by tanh so that no intermediate overflows. */
export const sigmoid = unary('sigmoid', (x) => logistic(x));
/** log(1 + eˣ). */
export const softplus = unary('softplus', (x) => {
  // −|x| by a choice, whose slope at 0 is not 0: so the second derivative at 0 is right, too.
  const belowZero = x.ifPositive(x.negate(), x);
  return x.ifPositive(x, 0).plus(belowZero.exp().plus(1).log());
});
/** x · sigmoid(x). */
export const silu = unary('silu', (x) => x.times(logistic(x)));
/** The tanh form of Hendrycks and Gimpel 2016 (arXiv:1606.08415). */
export const gelu = unary('gelu', (x) => {
  const inner = x.plus(x.times(x).times(x).times(0.044715)).times(Math.sqrt(2 / Math.PI));
  return x.times(0.5).times(inner.tanh().plus(1));
});

// 1 where equal. Infinities are equal though their difference is NaN; NaN equals nothing, and only its |x + y| + 1 is
// not positive.
function isEqual(x: Real, y: Real): Real {
  return x.minus(y).abs().ifPositive(0, x.plus(y).abs().plus(1).ifPositive(1, 0));
}

function logistic(x: Real): Real {
  return x.times(0.5).tanh().times(0.5).plus(0.5);
}
