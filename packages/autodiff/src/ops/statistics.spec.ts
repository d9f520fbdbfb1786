import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { anyShape, opLaws } from '../testing.ts';
import { sum } from './reduce.ts';
import { standardDeviation, type VarianceOptions, variance } from './statistics.ts';

const samples = anyShape({ minRank: 1, minExtent: 2 }).chain((shape) =>
  fc
    .tuple(fc.subarray([...shape.keys()], { minLength: 1 }), fc.boolean(), fc.integer({ min: 0, max: 1 }))
    .map(([axis, keepDims, ddof]) => ({
      shapes: [shape] as const,
      parameters: [{ axis, keepDims, ddof }] as readonly [VarianceOptions],
    })),
);

describe('laws', () => {
  for (const law of opLaws('variance', variance, samples)) test(law.name, law.check);
  for (const law of opLaws('standardDeviation', standardDeviation, samples, {
    tolerance: 1e-5,
    toleranceF32: 1e-3,
  }))
    test(law.name, law.check);
});

test('of numbers far from 0 no digit of the spread is lost', () => {
  const x = tensor([10_001, 10_002, 10_003, 10_004]);
  expect(variance(x).item()).toBe(1.25);
  expect(variance(x, { ddof: 1 }).item()).toBeCloseTo(5 / 3, 6);
});

test('of equal numbers: 0, with gradient 0; of too few: NaN; NaN and ∞ are not hidden', () => {
  const x = tensor(new Float64Array([2, 2]));
  expect(standardDeviation(x).item()).toBe(0);
  expect(grad((z: Tensor) => standardDeviation(z))(x).toArray()).toEqual([0, 0]);
  expect(grad((z: Tensor) => sum(grad((y: Tensor) => standardDeviation(y))(z)))(x).toArray()).toEqual([0, 0]);
  expect(variance(tensor([3]), { ddof: 1 }).item()).toBeNaN();
  expect(standardDeviation(tensor([1, Number.NaN])).item()).toBeNaN();
  expect(standardDeviation(tensor([1, Number.POSITIVE_INFINITY])).item()).toBeNaN();
});

test('the words of PyTorch lead to those of this package', () => {
  const options = { unbiased: true } as never;
  expect(() => variance(tensor([1]), options)).toThrow(
    'variance: unknown option unbiased; did you mean ddof?',
  );
  expect(() => standardDeviation(tensor([1]), { ddof: -1 })).toThrow(/standardDeviation: expected ddof/);
});
