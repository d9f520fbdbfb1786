import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { binary } from './binary.ts';
import { stochasticBinary } from './stochastic-binary.ts';

describe('stochasticBinary obeys', () => {
  for (const law of schemeLaws(stochasticBinary)) test(law.name, law.check);
});

const shape = { rows: 60, cols: 70, seed: 4 };

test('not drawn, it is binary, with the same rules', () => {
  const [drawn, plain] = [createWeight(stochasticBinary(), shape), createWeight(binary(), shape)];
  expect(drawn.decode().dataSync()).toEqual(plain.decode().dataSync());
  expect(drawn.parameters[0]?.rule).toEqual(plain.parameters[0]?.rule);
  expect(drawn.drawn(5).decode().dataSync()).not.toEqual(plain.decode().dataSync());
  expect(drawn.drawn(0).decode().dataSync()).toEqual(plain.decode().dataSync());
  expect([drawn.isRandom, plain.isRandom]).toEqual([true, false]);
});

test.each(['tile', 'step'] as const)(
  'under policy %s a word gives one matrix, wherever it is used',
  (policy) => {
    const weight = createWeight({ ...stochasticBinary(), policy }, shape);
    const x = tensor(
      Array.from({ length: 70 * 70 }, (_, k) => (k % 71 === 0 ? 1 : 0)),
      [70, 70],
    );
    const seen = [1, 2, 1].map((word) => {
      const drawn = weight.drawn(word);
      const entries = drawn.decode().toArray() as number[][];
      const columns = drawn.matmul(x).toArray() as number[][];
      expect(columns).toEqual(entries[0]?.map((_, col) => entries.map((row) => row[col])));
      return entries;
    });
    expect(seen[0]).toEqual(seen[2]);
    expect(seen[0]).not.toEqual(seen[1]);
  },
);

test('entries are +1 with the probability of the hard sigmoid, and gradients pass within ±1', () => {
  const weight = createWeight(stochasticBinary(), shape);
  const [parameter] = weight.parameters as [(typeof weight.parameters)[0]];
  const count = 60 * 70;
  const latent = fc.constantFrom(-1.5, -1, -0.6, 0, 0.25, 0.9, 1, 2);
  fc.assert(
    fc.property(latent, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (value, word) => {
      parameter.assign(tensor(Array(count).fill(value), [60, 70]));
      const drawn = weight.drawn(word);
      const dV = tensor(
        Array.from({ length: count }, (_, k) => k),
        [60, 70],
      );
      const [, [gradient]] = gradientsOf(() => sum(multiply(drawn.decode(), dV)), [parameter.value]);
      const positive = [...drawn.decode().dataSync()].filter((x) => x === 1).length / count;
      const probability = Math.min(1, Math.max(0, (value + 1) / 2));
      // Five standard deviations.
      expect(Math.abs(positive - probability)).toBeLessThanOrEqual(
        5 * Math.sqrt((probability * (1 - probability)) / count),
      );
      expect([...(gradient?.dataSync() ?? [])]).toEqual(
        Array.from({ length: count }, (_, k) => (Math.abs(value) <= 1 ? k : 0)),
      );
    }),
    { seed: 8, numRuns: 40 },
  );
});

test('words that fix a draw are no options', () => {
  expect(() => createWeight({ ...stochasticBinary(), options: { draw: 3 } }, shape)).toThrow('draw');
});
