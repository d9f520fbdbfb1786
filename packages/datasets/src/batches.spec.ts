import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batches, toFloats } from './batches.ts';
import type { Split } from './image-dataset.ts';

const numbered = (count: number): Split => ({
  count,
  images: Uint8Array.from({ length: 3 * count }, (_, k) => k),
  labels: Uint8Array.from({ length: count }, (_, i) => i),
});

const order = (split: Split, options: Parameters<typeof batches>[1]) =>
  [...batches(split, options)].flatMap(({ indices }) => [...indices]);

test('an epoch is a permutation, decided by seed and epoch', () => {
  fc.assert(
    fc.property(
      fc.nat(70),
      fc.integer({ min: 1, max: 80 }),
      fc.nat(),
      fc.nat(9),
      (n, batchSize, seed, epoch) => {
        const indices = order(numbered(n), { batchSize, seed, epoch });
        expect([...indices].sort((a, b) => a - b)).toEqual([...numbered(n).labels]);
        expect(order(numbered(n), { batchSize, seed, epoch })).toEqual(indices);
      },
    ),
    { seed: 4 },
  );
});

test('other epochs and seeds have other orders', () => {
  const split = numbered(60);
  const orders = [0, 1, 2].flatMap((seed) =>
    [0, 1, 2].map((epoch) => order(split, { batchSize: 7, seed, epoch }).join()),
  );
  expect(new Set(orders).size).toBe(9);
});

test('a batch holds the images, labels and indices of the same places', () => {
  const split = numbered(10);
  for (const { images, labels, indices } of batches(split, { batchSize: 4, seed: 1 })) {
    expect([...labels]).toEqual([...indices]);
    const expected = [...indices].flatMap((i) =>
      [3 * i, 3 * i + 1, 3 * i + 2].map((p) => Math.fround(p / 255)),
    );
    expect([...images]).toEqual(expected);
  }
});

test('sizes: the last batch is short or dropped', () => {
  const sizes = (dropLast: boolean) =>
    [...batches(numbered(10), { batchSize: 4, dropLast })].map(({ labels }) => labels.length);
  expect(sizes(false)).toEqual([4, 4, 2]);
  expect(sizes(true)).toEqual([4, 4]);
  expect(order(numbered(3), { batchSize: 2, shuffle: false })).toEqual([0, 1, 2]);
});

test('a kept batch stays as it was, and an epoch can be iterated again', () => {
  const epoch = batches(numbered(10), { batchSize: 5 });
  const kept = [...epoch];
  const copies = kept.map(({ images }) => images.slice());
  expect([...epoch]).toEqual(kept);
  expect(kept.map(({ images }) => images)).toEqual(copies);
});

test('scaling normalises', () => {
  expect([...toFloats(Uint8Array.of(0, 51, 255))]).toEqual([0, Math.fround(0.2), 1]);
  expect([...toFloats(Uint8Array.of(0, 255), { mean: 0.5, std: 0.25 })]).toEqual([-2, 2]);
});

test('bad options are refused', () => {
  expect(() => batches(numbered(3), { batchSize: 0 })).toThrow(ArgumentError);
  expect(() => batches(numbered(3), { batchSize: 2, std: 0 })).toThrow(ArgumentError);
  expect(() => toFloats(Uint8Array.of(1), { mean: Number.NaN })).toThrow(ArgumentError);
});
