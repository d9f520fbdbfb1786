import { ArgumentError, xxHash32Words } from '@funhash/hashing';
import { empty } from '@funhash/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomBernoulli, randomNormal, randomUniform } from './random.ts';

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('elements are hashes of their position and the seed, bit for bit', () => {
  fc.assert(
    fc.property(seed, fc.integer({ min: 0, max: 40 }), (seed, size) => {
      const expected = Array.from({ length: size }, (_, k) => (xxHash32Words(k, 0, seed) >>> 8) / 2 ** 24);
      expect(randomUniform([size], { seed }).toArray()).toEqual(expected);
      const half = randomBernoulli([size], { probability: 0.25, value: 3, seed }).toArray();
      const kept = Array.from({ length: size }, (_, k) =>
        xxHash32Words(k, 0, seed) < 0.75 * 2 ** 32 ? 0 : 3,
      );
      expect(half).toEqual(kept);
    }),
    { seed: 1 },
  );
});

test('shape, dtype and backend', () => {
  const like = empty([1], 'f64');
  const x = randomNormal([2, 3], { seed: 1, like });
  expect([x.shape, x.dtype, x.backend]).toEqual([[2, 3], 'f64', like.backend]);
  expect(randomNormal([0, 3], { seed: 1 }).toArray()).toEqual([]);
  expect(randomNormal([], { seed: 1 }).shape).toEqual([]);
});

// Bounds of five standard deviations of each statistic.
test('uniform and normal numbers have their moments, and neighbours are independent', () => {
  const count = 200_000;
  const moments = (values: Float32Array, center: number): number[] => {
    const powers = [1, 2, 3, 4].map(
      (power) => values.reduce((sum, x) => sum + (x - center) ** power, 0) / count,
    );
    const neighbours = values.reduce(
      (sum, x, k) => sum + (x - center) * ((values[k - 1] ?? center) - center),
      0,
    );
    return [...powers, neighbours / count];
  };
  const within = (values: number[], expected: number[], deviations: number[]): void =>
    values.forEach((value, k) => {
      expect(Math.abs(value - (expected[k] as number))).toBeLessThan(
        5 * ((deviations[k] as number) / Math.sqrt(count)),
      );
    });
  for (const seed of [0, 1, 2 ** 32 - 1]) {
    const uniform = moments(randomUniform([count], { seed }).dataSync() as Float32Array, 0.5);
    within(uniform, [0, 1 / 12, 0, 1 / 80, 0], [0.289, 0.075, 0.048, 0.0167, 0.084]);
    const normal = moments(randomNormal([count], { seed }).dataSync() as Float32Array, 0);
    within(normal, [0, 1, 0, 3, 0], [1, Math.SQRT2, Math.sqrt(15), Math.sqrt(96), 1]);
  }
});

test('probabilities at their ends, and beyond them', () => {
  expect(randomBernoulli([3], { probability: 0, seed: 5, value: 2 }).toArray()).toEqual([0, 0, 0]);
  expect(randomBernoulli([3], { probability: 1, seed: 5, value: 2 }).toArray()).toEqual([2, 2, 2]);
  for (const probability of [-0.1, 1.1, Number.NaN])
    expect(() => randomBernoulli([3], { probability, seed: 5 })).toThrow(ArgumentError);
});
