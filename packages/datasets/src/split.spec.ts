import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Split } from './images/image-dataset.ts';
import { splitValidation, subset } from './split.ts';

/** Image i is [i, i + 1], its label i: so every part shows where it came from. */
const numbered = (count: number): Split => ({
  count,
  inputs: Uint8Array.from({ length: 2 * count }, (_, k) => (k >> 1) + (k & 1)),
  labels: Uint8Array.from({ length: count }, (_, i) => i),
});

const expectWhole = ({ count, inputs, labels }: Split) => {
  expect(labels).toHaveLength(count);
  expect([...inputs]).toEqual([...labels].flatMap((label) => [label, label + 1]));
};

test('subset takes the given indices in their order, images and labels together', () => {
  const part = subset(numbered(9), [7, 0, 7]);
  expectWhole(part);
  expect([...part.labels]).toEqual([7, 0, 7]);
});

test('a split by the name of earlier versions is told so', () => {
  const { count, inputs, labels } = numbered(3);
  const old = { count, images: inputs, labels } as unknown as Split;
  expect(() => subset(old, 1)).toThrow('split: unknown option images; did you mean inputs?');
});

test('subset by count takes the first ones, with a seed distinct ones', () => {
  expect([...subset(numbered(9), 3).labels]).toEqual([0, 1, 2]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.nat(), (count, seed) => {
      const part = subset(numbered(50), count, seed);
      expectWhole(part);
      expect(new Set(part.labels).size).toBe(count);
      expect(part).toEqual(subset(numbered(50), count, seed));
    }),
    { seed: 2 },
  );
});

test('a split with seed is a partition', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 60 }),
      fc.nat(),
      fc.double({ min: 0.1, max: 0.9, noNaN: true }),
      (n, seed, share) => {
        const size = Math.round(share * n);
        fc.pre(size > 0 && size < n);
        const { train, validation } = splitValidation(numbered(n), share, seed);
        expectWhole(train);
        expectWhole(validation);
        expect(validation.count).toBe(size);
        expect([...train.labels, ...validation.labels].sort((a, b) => a - b)).toEqual([
          ...numbered(n).labels,
        ]);
      },
    ),
    { seed: 3 },
  );
});

test('without a seed the last images validate', () => {
  const { train, validation } = splitValidation(numbered(6), 2);
  expect([...train.labels]).toEqual([0, 1, 2, 3]);
  expect([...validation.labels]).toEqual([4, 5]);
});

test('sizes out of range are refused', () => {
  const split = numbered(5);
  for (const size of [0, 0.01, 5, 1.5, -1, Number.NaN]) {
    expect(() => splitValidation(split, size, 1)).toThrow(ArgumentError);
  }
  expect(() => subset(split, 6)).toThrow(ArgumentError);
  expect(() => subset(split, [5])).toThrow(ArgumentError);
  expect(() => subset(split, [0.5])).toThrow(ArgumentError);
});

test('what is no split, no indices or no seed is refused by name', () => {
  const split = { count: 2, inputs: Uint8Array.of(1, 2), labels: Uint8Array.of(0, 1) };
  expect(() => subset(split, null as never)).toThrow(
    'subset: expected a count, or a list of indices, got null',
  );
  expect(() => subset(split, 1, -1)).toThrow('subset: expected seed: a whole number');
  expect(() => subset(split, ['0'] as never)).toThrow('indices 0 … 1');
  expect(() => subset(undefined as never, 1)).toThrow('a split, { count, inputs, labels }, got undefined');
  expect(() => subset({ ...split, labels: Uint8Array.of(0) }, 1)).toThrow('split.labels of 2 samples, got 1');
  expect(() => splitValidation(split, '1' as never)).toThrow(ArgumentError);
  expect(() => splitValidation(split, 1, 0.5)).toThrow('splitValidation: expected seed');
});
