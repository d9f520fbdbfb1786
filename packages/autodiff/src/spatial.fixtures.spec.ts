import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { expectClose, type FixtureCase, testCases, type Values } from './fixture-case.spec-kit.ts';
import * as ad from './index.ts';

interface Parameters extends ad.AveragePoolOptions {
  readonly shape: readonly number[];
  readonly scale: readonly number[];
  readonly epsilon: number;
}

interface RunningStep {
  readonly x: Values;
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

const { cases, running }: { cases: readonly FixtureCase<Parameters>[]; running: readonly RunningStep[] } =
  JSON.parse(readFileSync(new URL('./spatial.fixtures.json', import.meta.url), 'utf8'));

type Call = (inputs: readonly [Tensor, Tensor, Tensor], parameters: Parameters) => Tensor;

// Linear ops are squared, so that gradients of gradients are not 0.
const calls: Record<string, Call> = {
  maxPool: ([x], options) => ad.square(ad.maxPool(x, options)),
  averagePool: ([x], options) => ad.square(ad.averagePool(x, options)),
  globalAveragePool: ([x]) => ad.square(ad.globalAveragePool(x)),
  globalMaxPool: ([x]) => ad.square(ad.globalMaxPool(x)),
  windows: ([x], options) => ad.square(ad.windows(x, options)),
  overlapAdd: ([x], { shape, ...options }) => ad.square(ad.overlapAdd(x, shape, options)),
  upsampleNearest: ([x], { scale }) => ad.square(ad.upsampleNearest(x, scale)),
  upsampleBilinear: ([x], { scale }) => ad.square(ad.upsampleBilinear(x, scale)),
  batchNorm: ([x, scale, shift], { epsilon }) => ad.batchNorm(x, { scale, shift, epsilon }).y,
  layerNorm: ([x, scale, shift], { epsilon }) => ad.layerNorm(x, { scale, shift, epsilon }),
  multiplyAdd: ([x, y, z]) => ad.multiplyAdd(x, y, z),
};

describe.each(['f64', 'f32'] as const)('as PyTorch, %s', (dtype) => {
  // Small variances make the second order of a norm large against rounding in f32.
  const toleranceOf = (op: string): number => (dtype === 'f64' ? 1e-9 : op.endsWith('Norm') ? 1e-4 : 1e-5);
  testCases(
    cases,
    dtype,
    ({ op, parameters }, inputs) =>
      (calls[op] as Call)(inputs as readonly [Tensor, Tensor, Tensor], parameters),
    toleranceOf,
  );
});

test('running statistics over several steps are those of PyTorch', () => {
  const momentum = 0.1;
  let [mean, variance] = [new Array<number>(3).fill(0), new Array<number>(3).fill(1)];
  for (const step of running) {
    const x = tensor(step.x.values as number[], step.x.shape, { dtype: 'f64' });
    const parameter = (value: number): Tensor => tensor(new Float64Array(3).fill(value));
    const batch = ad.batchNorm(x, { scale: parameter(1), shift: parameter(0) });
    const blend = (old: readonly number[], now: Tensor, factor: number): number[] =>
      old.map((value, k) => value * (1 - momentum) + (now.dataSync()[k] as number) * factor * momentum);
    mean = blend(mean, batch.mean, 1);
    variance = blend(variance, batch.variance, batch.count / (batch.count - 1));
    expectClose('mean', tensor(mean, [3], { dtype: 'f64' }), { shape: [3], values: step.mean }, 1e-10);
    expectClose(
      'variance',
      tensor(variance, [3], { dtype: 'f64' }),
      { shape: [3], values: step.variance },
      1e-10,
    );
  }
  expect(running).toHaveLength(4);
});
