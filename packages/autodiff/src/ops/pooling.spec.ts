import { ArgumentError } from '@funhash/hashing';
import { type Shape, ShapeError, type Tensor, tensor, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { type OpSample, opLaws } from '../testing.ts';
import { square } from './pointwise.ts';
import {
  type AveragePoolOptions,
  averagePool,
  globalAveragePool,
  maxPool,
  type PoolOptions,
} from './pooling.ts';
import { sum } from './reduce.ts';

const anyPool: fc.Arbitrary<OpSample<readonly [Shape], readonly [AveragePoolOptions]>> = fc
  .record({
    batch: fc.integer({ min: 0, max: 2 }),
    channels: fc.integer({ min: 1, max: 3 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padded: fc.boolean(),
    dilation: fc.integer({ min: 1, max: 2 }),
    more: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    countPadding: fc.boolean(),
  })
  .map(({ batch, channels, kernel, stride, padded, dilation, more, countPadding }) => ({
    shapes: [[batch, ...more.map((extra) => (kernel - 1) * dilation + 1 + extra), channels]] as const,
    parameters: [
      {
        kernel,
        stride,
        dilation,
        padding: padded ? Math.floor(((kernel - 1) * dilation + 1) / 2) : 0,
        countPadding,
      },
    ] as const,
  }));

describe('laws', () => {
  // Squared, so that gradients of gradients are not 0.
  const largest = (x: Tensor, options: PoolOptions): Tensor => square(maxPool(x, options));
  const uncounted = anyPool.map(({ shapes, parameters: [{ countPadding: _, ...options }] }) => ({
    shapes,
    parameters: [options] as const,
  }));
  for (const law of opLaws('maxPool', largest, uncounted)) test(law.name, law.check);

  const average = (x: Tensor, options: AveragePoolOptions): Tensor => square(averagePool(x, options));
  for (const law of opLaws('averagePool', average, anyPool)) test(law.name, law.check);

  const whole = anyPool.map(({ shapes }) => ({ shapes, parameters: [] as const }));
  for (const law of opLaws('globalAveragePool', (x: Tensor) => square(globalAveragePool(x)), whole))
    test(law.name, law.check);
});

test('the gradient of equal maxima goes to the first in row-major order', () => {
  const x = tensor(new Float64Array([1, 5, 5, 1, 5, 1, 2, 2]), [1, 2, 4, 1]);
  const g = grad((at: Tensor) => sum(maxPool(at, { kernel: 2 })))(x);
  expect(Array.from(g.dataSync())).toEqual([0, 1, 1, 0, 0, 0, 0, 0]);
});

test('windows that padding alone would fill are refused', () => {
  const x = zeros([1, 4, 4, 1]);
  expect(() => maxPool(x, { kernel: 2, padding: 2 })).toThrow(ArgumentError);
  expect(() => averagePool(x, { kernel: 3, padding: [1, [0, 2]] })).toThrow(
    /at most half the kernel, 1.*\[0,2\]/,
  );
  expect(() => maxPool(x, { kernel: 7, padding: 1 })).toThrow(ShapeError);
});

test('NaN reaches the maximum of its windows only', () => {
  const x = tensor([1, Number.NaN, 3, 4], [1, 4, 1]);
  expect(Array.from(maxPool(x, { kernel: 2 }).dataSync())).toEqual([Number.NaN, 4]);
});
