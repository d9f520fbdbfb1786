import { ArgumentError, checkOptions, FunhashError, type OptionsOf, option, random } from '@funhash/hashing';
import { requireTensors, scope, type Tensor, tensor } from '@funhash/tensor';
import { gradientsOf, requireFunction, stopGradient } from './grad.ts';
import { seedOption } from './ops/option-rules.ts';
import { add, multiply } from './ops/pointwise.ts';
import { sum } from './ops/reduce.ts';

/** A gradient that differs from central differences. */
export class GradientError extends FunhashError {}

const rules = {
  /** Whether the gradient of the gradient is checked, too: 2, or 1 for the gradient alone. Default 2. */
  order: option.oneOf([1, 2]),
  /**
   * Number of random directions of each input along which second derivatives are compared, in place of those by every
   * element. Default: every element.
   */
  directions: option.count(),
  /** Step of the central differences. Default 1e-5. */
  step: option.positive(),
  /** Largest difference, relative to the largest gradient and at least 1. Default 1e-6. */
  tolerance: option.real({ least: 0 }),
  /** Seed of the random projections and directions. Default 0. */
  seed: seedOption(),
};

/** Options of `gradCheck`. */
export type GradCheckOptions = OptionsOf<typeof rules>;

/**
 * Compares gradients with central differences in f64: those of a random projection of f's result, and for order 2 those
 * of a random projection of its gradients.
 *
 * @param f a function of tensors, of any result shape
 * @param inputs f64 tensors, away from kinks of f
 * @throws GradientError that names the input and the element; ArgumentError for inputs of another dtype; OptionError for
 *   an unknown option
 */
export function gradCheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradCheckOptions = {},
): void {
  checkOptions('gradCheck', rules, options);
  const { order = 2, directions, step = 1e-5, tolerance = 1e-6, seed = 0 } = options;
  requireFunction('gradCheck', f);
  requireTensors('gradCheck', inputs, 'inputs');
  const stranger = inputs.find(({ dtype }) => dtype !== 'f64');
  if (stranger)
    throw new ArgumentError({ operation: 'gradCheck', expected: 'f64 inputs', actual: String(stranger) });
  scope(() => {
    // A tensor given twice is two inputs.
    const points = inputs.map(stopGradient);
    const projected = project(f, seed);
    const first: Comparison = { name: 'first', f: projected, points, step, tolerance };
    compareElements(first);
    if (order === 1) return;
    const gradient = (...at: Tensor[]): Tensor => {
      const [, gradients] = gradientsOf(() => projected(...at), at);
      const parts = gradients.map((g, k) => project(() => g, seed + 1 + k)());
      return parts.reduce((total, part) => add(total, part));
    };
    const second: Comparison = { ...first, name: 'second', f: gradient };
    if (directions === undefined) compareElements(second);
    else compareDirections(second, directions, seed);
  });
}

/** What is compared with its differences. */
interface Comparison {
  readonly name: string;
  /** A function of one element. */
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly points: readonly Tensor[];
  readonly step: number;
  readonly tolerance: number;
}

function project(f: (...inputs: Tensor[]) => Tensor, seed: number): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const y = f(...inputs);
    const weights = new Float64Array(y.size);
    random(seed).fillUniform(weights, 0.5, 1.5);
    return sum(multiply(y, tensor(weights, y.shape)));
  };
}

function compareElements(comparison: Comparison): void {
  const { f, points } = comparison;
  const gradients = gradientsAt(comparison);
  points.forEach((input, k) => {
    const gradient = gradients[k] as Float64Array;
    const scale = largestOf(gradient);
    const values = input.dataSync();
    for (let i = 0; i < values.length; i++) {
      const at = (delta: number): number =>
        scope(() => {
          const moved = tensor(values.with(i, (values[i] as number) + delta), input.shape);
          return f(...points.with(k, moved)).item();
        });
      const where = `by element ${i} of input ${k} (${input})`;
      requireDerivative(comparison, where, at, gradient[i] as number, scale);
    }
  });
}

function compareDirections(comparison: Comparison, count: number, seed: number): void {
  const { f, points } = comparison;
  const gradients = gradientsAt(comparison);
  const draw = random(seed);
  points.forEach((input, k) => {
    const gradient = gradients[k] as Float64Array;
    const scale = largestOf(gradient);
    const values = input.dataSync();
    for (let n = 0; n < count; n++) {
      const direction = draw.fillNormal(new Float64Array(input.size));
      const along = direction.reduce((total, amount, i) => total + amount * (gradient[i] as number), 0);
      const at = (delta: number): number =>
        scope(() => {
          const moved = values.map((x, i) => x + delta * (direction[i] as number));
          return f(...points.with(k, tensor(moved, input.shape))).item();
        });
      const where = `in random direction ${n} of input ${k} (${input})`;
      requireDerivative(comparison, where, at, along, scale);
    }
  });
}

function gradientsAt({ f, points }: Comparison): Float64Array[] {
  return gradientsOf(() => f(...points), points)[1].map((gradient) => gradient.dataSync() as Float64Array);
}

const largestOf = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);

function requireDerivative(
  { name, step, tolerance }: Comparison,
  where: string,
  at: (delta: number) => number,
  derivative: number,
  scale: number,
): void {
  const difference = (at(step) - at(-step)) / (2 * step);
  if (Math.abs(difference - derivative) <= tolerance * scale) return;
  throw new GradientError({
    operation: 'gradCheck',
    expected: `the ${name} derivative ${where} to be ${difference} within ${tolerance * scale}`,
    actual: String(derivative),
  });
}
