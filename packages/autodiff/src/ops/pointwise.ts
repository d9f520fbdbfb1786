import { adjoint, Program, Real, rewrite, tracePointwise } from '@funhash/formula';
import { ArgumentError, shownValue } from '@funhash/hashing';
import { full, isFloat, runCast, runMap, Tensor } from '@funhash/tensor';
import { record, recorded } from '../tape.ts';
import { leaky } from './leaky.ts';
import { sumTo } from './views.ts';

/** A tensor, or a number that takes the dtype of the tensors beside it. */
export type Operand = Tensor | number;

/** The operands of an op whose statement has the parameters `Terms`. */
type OperandsOf<Terms extends readonly Real[]> = { [K in keyof Terms]: Operand };

/**
 * Makes a differentiable elementwise op from a statement about one element: an op of as many operands as the statement
 * has parameters. Operands broadcast; the gradients are derived from the statement, to any order.
 *
 *     const swish = elementwise('swish', (x, beta) => x.gatedBy(x.times(beta)));
 *     const gap = elementwise('gap', (x, y) => x.minus(y).abs());
 *
 * Operands are f32 or f64; i32 too, without gradient, where the statement gives whole numbers for whole numbers.
 *
 * @param name names the op in errors and profiles
 * @throws ArgumentError from the op for operands that are neither tensors nor numbers, or more of them than it takes
 */
// @__NO_SIDE_EFFECTS__ -- so bundlers drop the rows below that nobody uses.
export function elementwise<Terms extends readonly Real[]>(
  name: string,
  statement: (...terms: Terms) => Real,
): (...operands: OperandsOf<Terms>) => Tensor {
  const traced = (pattern: number, inputCount: number): Program =>
    tracePointwise(inputCount, statement.length - inputCount, (inputs, scalars) => {
      const next = { input: inputs.values(), scalar: scalars.values() };
      const termOf = (_: unknown, k: number) => next[(pattern >> k) & 1 ? 'input' : 'scalar'].next().value;
      return [statement(...(Array.from({ length: statement.length }, termOf) as unknown as Terms))];
    });
  // By the bits of the operands that are tensors. The others are scalars of the program: no memory, no gradient.
  const programs: Program[] = [];
  // Read once, but not before it is needed: bundlers may drop ops that nobody uses.
  let count = -1;
  return (...operands: readonly Operand[]) => {
    if (count < 0) count = statement.length;
    if (count === 0) throw withoutParameters(name, statement);
    for (let k = count; k < operands.length; k++)
      if (operands[k] !== undefined) throw surplus(name, count, operands[k]);
    const tensors: Tensor[] = [];
    const numbers: number[] = [];
    let pattern = 0;
    for (let k = 0; k < count; k++) {
      const operand = operands[k];
      if (operand instanceof Tensor) {
        pattern |= 1 << k;
        tensors.push(operand);
      } else numbers.push(requireNumber(name, operand));
    }
    if (pattern === 0) {
      pattern = 1;
      tensors.push(full([], numbers.shift() as number));
    }
    const program = programs[pattern] ?? traced(pattern, tensors.length);
    programs[pattern] = program;
    return applyPointwise(name, program, tensors, numbers);
  };
}

function withoutParameters(operation: string, statement: (...terms: never[]) => unknown): ArgumentError {
  return new ArgumentError({
    operation,
    expected: 'a statement with one parameter for each operand, as (x, y) => x.plus(y)',
    actual: String(statement),
  });
}

function surplus(operation: string, count: number, given: unknown): ArgumentError {
  const isOptions = typeof given === 'object' && given !== null && !(given instanceof Tensor);
  return new ArgumentError({
    operation,
    expected: `${count} ${count === 1 ? 'operand' : 'operands'} and no options`,
    actual:
      isOptions && !Array.isArray(given)
        ? `options ${Object.keys(given).join(', ')}`
        : `also ${typeName(given)}`,
    remedy: `For the elements of an array, write xs.map((x) => ${operation}(x)).`,
  });
}

const typeName = (value: unknown): string =>
  Array.isArray(value)
    ? 'an array'
    : value instanceof Tensor
      ? String(value)
      : `${typeof value} ${String(value)}`;

function requireNumber(operation: string, operand: unknown): number {
  if (typeof operand !== 'number')
    throw new ArgumentError({
      operation,
      expected: 'tensors or numbers as operands',
      actual: Array.isArray(operand) ? 'an array' : shownValue(operand),
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

/**
 * Evaluates a program of several outputs over tensors that broadcast, differentiably. The gradients of all inputs are
 * one program: what they share, the program's own values above all, is computed once.
 *
 * @param scalars the program's run-time reals, the same for all elements; no gradient
 */
export function applyPrograms(
  name: string,
  program: Program,
  inputs: readonly Tensor[],
  scalars: readonly number[] = [],
): Tensor[] {
  const outputs = runMap(name, program, inputs, scalars);
  record(inputs, outputs, (cotangents, needed) => {
    const { derived, reads } = derive(program, (slot) => needed(slot));
    if (reads.length === 0) return inputs.map(() => undefined);
    const operands = [...inputs, ...cotangents];
    const read = reads.map((slot) => operands[slot] as Tensor);
    const gradients = applyPrograms(`${name} gradient`, derived, read, scalars).values();
    return inputs.map(({ shape }, k) =>
      needed(k) ? sumTo(gradients.next().value as Tensor, shape) : undefined,
    );
  });
  return outputs;
}

interface Gradient {
  /** A program of the inputs `reads` of the original alone, in that order: others are neither copied nor kept. */
  readonly derived: Program;
  /** Slots behind the last input are cotangents. */
  readonly reads: readonly number[];
}

const gradients = new WeakMap<Program, Gradient[]>();

function gradientOf(program: Program, input: number): Gradient {
  let known = gradients.get(program);
  if (!known) {
    known = [];
    gradients.set(program, known);
  }
  known[input] ??= derive(program, (slot) => slot === input);
  return known[input];
}

function derive(program: Program, isWanted: (slot: number) => boolean): Gradient {
  const whole = adjoint(program);
  const wanted = whole.only(whole.outputs.filter((_, slot) => isWanted(slot)));
  const reads = wanted.nodes.filter(({ op }) => op === 'input').map(({ value }) => value);
  const { graph, outputs } = rewrite(wanted, ({ op, value }) => ({
    op,
    value: op === 'input' ? reads.indexOf(value) : value,
  }));
  return { derived: new Program(graph, outputs, [], { ...program.slots, inputs: reads.length }), reads };
}

// One row an op: its gradient, its kernels on every backend and its f64 form are derived from the row.

/** The sum x + y of operands that broadcast. */
export const add = elementwise('add', (x, y) => x.plus(y));
/** The difference x − y of operands that broadcast. */
export const subtract = elementwise('subtract', (x, y) => x.minus(y));
/** The product x·y, element by element, of operands that broadcast. */
export const multiply = elementwise('multiply', (x, y) => x.times(y));
/** The quotient x / y, element by element, of operands that broadcast. */
export const divide = elementwise('divide', (x, y) => x.over(y));
/** The larger of x and y, element by element. Equal operands share the gradient evenly. */
export const maximum = elementwise('maximum', (x, y) => x.maximum(y));
/** The smaller of x and y, element by element. Equal operands share the gradient evenly. */
export const minimum = elementwise('minimum', (x, y) => x.minimum(y));

/** The sum x·y + z of operands that broadcast, in one pass. */
export const multiplyAdd = elementwise('multiplyAdd', (x, y, z) => x.times(y).plus(z));

/** 1 where x > y, else 0; no gradient. */
export const greater = elementwise('greater', (x, y) => x.minus(y).ifPositive(1, 0));
/** 1 where x < y, else 0; no gradient. */
export const less = elementwise('less', (x, y) => y.minus(x).ifPositive(1, 0));
/** 1 where x ≥ y, else 0; no gradient. */
export const greaterEqual = elementwise('greaterEqual', (x, y) => x.minus(y).ifPositive(1, isEqual(x, y)));
/** 1 where x ≤ y, else 0; no gradient. */
export const lessEqual = elementwise('lessEqual', (x, y) => y.minus(x).ifPositive(1, isEqual(x, y)));
/** 1 where x = y, else 0; no gradient. NaN equals nothing. */
export const equal = elementwise('equal', (x, y) => isEqual(x, y));
/** 1 where x ≠ y, else 0; no gradient. NaN differs from everything. */
export const notEqual = elementwise('notEqual', (x, y) => isEqual(x, y).negate().plus(1));
const choose = elementwise('where', (x, y, z) => x.abs().ifPositive(y, z));

/** y where x, of any dtype, is not 0, else z. The gradient goes to what was chosen. */
export function where(x: Operand, y: Operand, z: Operand): Tensor {
  const values = y instanceof Tensor ? y : z;
  const dtype = values instanceof Tensor ? values.dtype : 'f32';
  if (!(x instanceof Tensor) || x.dtype === dtype) return choose(x, y, z);
  if (isFloat(x.dtype) && !isFloat(dtype)) return choose(runCast(notEqual(x, 0), dtype), y, z);
  return values instanceof Tensor || x.dtype === 'u8' ? choose(runCast(x, dtype), y, z) : choose(x, y, z);
}

/** x kept within [low, high]; the gradient is 0 outside and 1 at the bounds. */
export const clip = elementwise('clip', (x, low, high) =>
  low.minus(x).ifPositive(low, x.minus(high).ifPositive(high, x)),
);
/** 0, of the shape, dtype and backend of x. */
export const zerosLike = elementwise('zerosLike', (x) => x.times(0));
/** 1, of the shape, dtype and backend of x. */
export const onesLike = elementwise('onesLike', (x) => x.times(0).plus(1));

/** −x. */
export const negative = elementwise('negative', (x) => x.negate());
/** 1 / x. */
export const reciprocal = elementwise('reciprocal', (x) => x.inverse());
/** x². */
export const square = elementwise('square', (x) => x.times(x));
/** √x; NaN where x < 0. */
export const sqrt = elementwise('sqrt', (x) => x.sqrt());
/** eˣ. */
export const exp = elementwise('exp', (x) => x.exp());
/** The natural logarithm of x: −∞ at 0, NaN below. */
export const log = elementwise('log', (x) => x.log());
/** eˣ − 1, to all digits near 0. */
export const expm1 = elementwise('expm1', (x) => x.expm1());
/** The natural logarithm of 1 + x, to all digits near 0: −∞ at −1, NaN below. */
export const log1p = elementwise('log1p', (x) => x.log1p());
/** The sine of x in radians. */
export const sin = elementwise('sin', (x) => x.sin());
/** The cosine of x in radians. */
export const cos = elementwise('cos', (x) => x.cos());
/** |x|; the gradient at 0 is 0. */
export const abs = elementwise('abs', (x) => x.abs());
/** −1, 0 or 1, as x is below, at or above 0; no gradient. */
export const sign = elementwise('sign', (x) => x.sign());
/** The largest whole number ≤ x; no gradient. */
export const floor = elementwise('floor', (x) => x.floor());
/** The smallest whole number ≥ x; no gradient. */
export const ceil = elementwise('ceil', (x) => x.negate().floor().negate());
/** The nearest whole number, of two the even one, as NumPy and PyTorch round; no gradient. */
export const round = elementwise('round', (x) => {
  const low = x.floor();
  const half = low.times(0.5);
  const isOdd = half.minus(half.floor());
  const above = x.minus(low).minus(0.5);
  return above.ifPositive(low.plus(1), above.negate().ifPositive(low, isOdd.ifPositive(low.plus(1), low)));
});

/** max(x, 0); the gradient at 0 is 0. */
export const relu = elementwise('relu', (x) => x.relu());
/** max(x, 0.01·x), the leaky ReLU. */
export const leakyRelu = elementwise('leakyRelu', (x) => leaky(x, 0.01));
/** x where positive, else eˣ − 1: the exponential linear unit (Clevert et al. 2015, arXiv:1511.07289). */
export const elu = elementwise('elu', (x) => x.ifPositive(x, x.ifPositive(0, x).expm1()));
/** The hyperbolic tangent of x. */
export const tanh = elementwise('tanh', (x) => x.tanh());
/** The logistic function 1 / (1 + e⁻ˣ), to all digits in its tails. */
export const sigmoid = elementwise('sigmoid', (x) => x.logistic());
/** log(1 + eˣ), exact where eˣ overflows and where it vanishes. */
export const softplus = elementwise('softplus', (x) => {
  // −|x| by a choice, whose slope at 0 is not 0: so the second derivative at 0 is right, too.
  const belowZero = x.ifPositive(x.negate(), x);
  return x.ifPositive(x, 0).plus(belowZero.exp().log1p());
});
/** x · sigmoid(x), also called swish (Ramachandran et al. 2017, arXiv:1710.05941). */
export const silu = elementwise('silu', (x) => x.gatedBy(x));
/** The Gaussian error linear unit in its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415). */
export const gelu = elementwise('gelu', (x) => {
  // (1 + tanh u)/2 = σ(2u), which is 0 or 1 long before |x| = 30: beyond, x³ may overflow.
  const c = x.minus(30).ifPositive(30, x.plus(30).ifPositive(x, -30));
  const [linear, cubic] = [2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715];
  const z = c.times(c).times(c).times(cubic).plus(c.times(linear));
  // In the tail the value is x·e^z, and z is about −80: what its rounding loses is 1e-5 of the value. So z is a sum of
  // what f32 holds exactly (c to an eighth, by constants of few bits) and of what is small, and the rounding of that
  // sum is made up for: e^(z + ρ) = e^z·(1 + ρ).
  const [a, b] = [51 / 32, 9 / 128];
  const near = c
    .times(8)
    .plus(0.5)
    .floor()
    .times(1 / 8);
  const rest = c.minus(near);
  const square = near.times(near);
  const exact = square.times(near).times(b).plus(near.times(a));
  const slope = near.times(3).plus(rest).times(rest).plus(square.times(3)).times(b).plus(a);
  const small = rest
    .times(slope)
    .plus(c.times(linear - a))
    .plus(
      c
        .times(c)
        .times(c)
        .times(cubic - b),
    );
  const rounded = exact.plus(small);
  const lost = exact.minus(rounded).plus(small);
  const correction = x.ifPositive(1, lost.plus(1)).withGradientOf(Real.constant(x.graph, 1));
  return x.gatedBy(rounded.withGradientOf(z)).times(correction);
});

// 1 where equal. Infinities are equal though their difference is NaN; NaN equals nothing, and only its |x + y| + 1 is
// not positive.
function isEqual(x: Real, y: Real): Real {
  return x.minus(y).abs().ifPositive(0, x.plus(y).abs().plus(1).ifPositive(1, 0));
}
