import { describe, expect, test } from 'vitest';
import { armKinds, armOf, budgetOf } from './arms.ts';
import { buildNet } from './build-net.ts';
import { UsageError } from './errors.ts';

const nets = [
  { widths: [784, 1000, 10], ratios: [1 / 8, 1 / 16, 1 / 64] },
  { widths: [784, 500, 500, 10], ratios: [1 / 8] },
];

const storedBy = (scheme: string, ratio: number, widths: readonly number[]): number => {
  const arm = armOf(scheme, ratio, widths);
  const net = buildNet({ ...arm, activation: 'relu', dropout: 0, seed: 3 });
  expect(net.summary().total.storedCount).toBe(
    net.parameters().reduce((sum, { value }) => sum + value.size, 0),
  );
  return net.summary().total.storedCount;
};

test('the budget of the papers: 784-1000-10 at 1/64', () => {
  expect(budgetOf([784, 1000, 10], 1 / 64)).toBe(12_250 + 156 + 1010);
});

describe('all arms store the same number of values, within 1 %', () => {
  for (const { widths, ratios } of nets)
    for (const ratio of ratios)
      test.each([...armKinds, 'funHash,dual', 'funHash,hops=2', 'tiles,shared'])(
        `${widths.join('-')} at ${ratio.toFixed(4)}: %s`,
        (scheme) => {
          const budget = budgetOf(widths, ratio);
          const stored = storedBy(scheme, ratio, widths);
          expect(Math.abs(stored - budget) / budget, `${stored} for ${budget}`).toBeLessThan(0.01);
        },
      );
});

test('baselines are not starved in the output layer', () => {
  const widths = [784, 1000, 10];
  expect(armOf('lowRank', 1 / 64, widths).weights.at(-1)).toBe('dense');
  expect(armOf('randomEdgeRemoval', 1 / 64, widths).weights.at(-1)).toBe('randomEdgeRemoval:values=2000');
  expect(armOf('narrow', 1 / 64, widths).widths).toEqual([784, 17, 10]);
  expect(armOf('narrow', 1 / 64, widths).takesDropout).toBe(false);
  expect(armOf('hashedNet', 1 / 64, widths).takesDropout).toBe(true);
});

test.each([
  ['hashedNet:1/64', /no size/],
  ['dense', /narrow/],
  ['hashnet', /names among/],
  ['funHash,hashes=3', /hashes: one of/],
])('refuses %s', (scheme, message) => {
  expect(() => armOf(scheme, 1 / 64, [784, 1000, 10])).toThrow(UsageError);
  expect(() => armOf(scheme, 1 / 64, [784, 1000, 10])).toThrow(message);
});
