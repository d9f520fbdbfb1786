import { ArgumentError, FunhashError, random } from '@funhash/hashing';
import { scope, type Tensor, tensor } from '@funhash/tensor';
import { gradientsOf, stopGradient } from './grad.ts';
import { add, multiply } from './ops/pointwise.ts';
import { sum } from './ops/reduce.ts';

/** A gradient that differs from central differences. */
export class GradientError extends FunhashError {}

export interface GradCheckOptions {
  /** Also checks the gradient of the gradient. Default 2. */
  readonly order?: 1 | 2;
  /** Step of the central differences. Default 1e-5. */
  readonly step?: number;
  /** Largest difference, relative to the largest gradient and at least 1. Default 1e-6. */
  readonly tolerance?: number;
  /** Seed of the random projections. Default 0. */
  readonly seed?: number;
}

/**
 * Compares gradients with central differences in f64: of a random projection of f's result, and for order 2 of a
 * random projection of its gradients.
 *
 * @param f a function of tensors, of any result shape
 * @param inputs f64 tensors, away from kinks of f
 * @throws GradientError that names the input and the element; ArgumentError for inputs of another dtype
 */
export function gradCheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { order = 2, step = 1e-5, tolerance = 1e-6, seed = 0 }: GradCheckOptions = {},
): void {
  const stranger = inputs.find(({ dtype }) => dtype !== 'f64');
  if (stranger)
    throw new ArgumentError({ operation: 'gradCheck', expected: 'f64 inputs', actual: String(stranger) });
  scope(() => {
    // A tensor given twice is two inputs.
    const points = inputs.map(stopGradient);
    const projected = project(f, seed);
    compare('first', projected, points, step, tolerance);
    if (order === 1) return;
    const gradient = (...at: Tensor[]): Tensor => {
      const [, gradients] = gradientsOf(() => projected(...at), at);
      const parts = gradients.map((g, k) => project(() => g, seed + 1 + k)());
      return parts.reduce((total, part) => add(total, part));
    };
    compare('second', gradient, points, step, tolerance);
  });
}

function project(f: (...inputs: Tensor[]) => Tensor, seed: number): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const y = f(...inputs);
    const weights = new Float64Array(y.size);
    random(seed).fillUniform(weights, 0.5, 1.5);
    return sum(multiply(y, tensor(weights, y.shape)));
  };
}

function compare(
  name: string,
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  step: number,
  tolerance: number,
): void {
  const [, gradients] = gradientsOf(() => f(...inputs), inputs);
  inputs.forEach((input, k) => {
    const gradient = (gradients[k] as Tensor).dataSync();
    const scale = Array.from(gradient).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const values = input.dataSync();
    for (let i = 0; i < values.length; i++) {
      const at = (delta: number): number => {
        const moved = values.slice();
        moved[i] = (values[i] as number) + delta;
        const point = (): Tensor[] =>
          inputs.map((other, j) => (j === k ? tensor(moved, input.shape) : other));
        return scope(() => f(...point()).item());
      };
      const difference = (at(step) - at(-step)) / (2 * step);
      const error = Math.abs(difference - (gradient[i] as number));
      if (!(error <= tolerance * scale))
        throw new GradientError({
          operation: 'gradCheck',
          expected: `the ${name} derivative by element ${i} of input ${k} (${input}) to be ${difference} within ${tolerance * scale}`,
          actual: String(gradient[i]),
        });
    }
  });
}
