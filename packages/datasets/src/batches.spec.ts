import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batches, toFloats } from './batches.ts';
import { augment } from './images/augment.ts';
import type { Split } from './images/image-dataset.ts';

const numbered = (count: number): Split => ({
  count,
  inputs: Uint8Array.from({ length: 3 * count }, (_, k) => k),
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
  for (const { inputs: images, labels, indices } of batches(split, { batchSize: 4, seed: 1 })) {
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
  const copies = kept.map(({ inputs: images }) => images.slice());
  expect([...epoch]).toEqual(kept);
  expect(kept.map(({ inputs: images }) => images)).toEqual(copies);
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

describe('augmentation', () => {
  const square: Split = {
    count: 12,
    inputs: Uint8Array.from({ length: 12 * 16 }, (_, k) => 1 + (k % 255)),
    labels: Uint8Array.from({ length: 12 }, (_, i) => i),
  };
  const imageSize = { height: 4, width: 4, channels: 1 };
  const base = { batchSize: 5, seed: 2, imageSize };
  const augmentation = { shift: 1, flip: true };

  test('is what augment makes of each image, labels untouched, wherever it comes in the epoch', () => {
    for (const epoch of [0, 3]) {
      const plain = [...batches(square, { ...base, epoch })];
      const varied = [...batches(square, { ...base, epoch, augment: augmentation })];
      expect(varied.map(({ labels, indices }) => [labels, indices])).toEqual(
        plain.map(({ labels, indices }) => [labels, indices]),
      );
      for (const { inputs: images, indices } of varied) {
        const pixels = Uint8Array.from(
          [...indices].flatMap((i) => [...square.inputs.subarray(16 * i, 16 * i + 16)]),
        );
        const expected = augment(pixels, { ...imageSize, ...augmentation, indices, seed: 2, epoch });
        expect(images).toEqual(toFloats(expected));
      }
    }
  });

  test('of shift 0 changes nothing, and batches tell the size of images', () => {
    const plain = [...batches(square, base)];
    expect([...batches(square, { ...base, augment: { shift: 0 } })]).toEqual(plain);
    expect(plain[0]?.inputShape).toEqual([4, 4, 1]);
  });

  test('without a size, or of another one, is refused', () => {
    const without = { batchSize: 5, augment: augmentation };
    expect(() => batches(square, without)).toThrow(/Pass the data set as imageSize/);
    expect(() => batches(square, { ...without, imageSize: { ...imageSize, width: 5 } })).toThrow(
      ArgumentError,
    );
    expect(() => batches(square, { ...base, augment: { shift: -1 } })).toThrow(ArgumentError);
  });
});

describe('bytes', () => {
  const count = 6;
  const levels = Uint8Array.from({ length: count * 4 }, (_, k) => (k * 37) % 256);
  const labels = Uint8Array.from({ length: count }, (_, k) => k);
  const options = {
    batchSize: 4,
    seed: 2,
    imageSize: { height: 2, width: 2, channels: 1 },
    augment: { rotation: 30 },
  };
  const all = (inputs: unknown) =>
    Array.from(batches({ count, inputs, labels } as unknown as Split, options), (batch) => batch.inputs);
  const inParent = new Uint8Array(levels.length + 3);
  inParent.set(levels, 3);
  const shared = new Uint8Array(new SharedArrayBuffer(levels.length));
  shared.set(levels);

  test.each<[string, ArrayLike<number>]>([
    ['pixels of a canvas', Uint8ClampedArray.from(levels)],
    ['a Buffer', Buffer.from(levels)],
    ['a part of a buffer', inParent.subarray(3)],
    ['shared memory', shared],
  ])('%s are divided by 255 and augmented as others are', (_, given) => {
    const before = Array.from(given);
    expect(all(given)).toEqual(all(levels));
    expect(toFloats(given as Uint8Array)).toEqual(toFloats(levels));
    expect(toFloats(given as Uint8Array)[1]).toBe(Math.fround(37 / 255));
    expect(Array.from(given)).toEqual(before);
  });

  test.each<[string, unknown, RegExp]>([
    ['floats', new Float32Array(24), /as bytes.*got a Float32Array/],
    ['a list', Array.from(levels), /as bytes/],
    ['nothing', undefined, /split\.inputs: a typed array, got undefined/],
    ['fewer pixels than images', levels.subarray(1), /split\.inputs of 6 samples, got 23 numbers/],
  ])('%s are refused', (_, given, message) => {
    expect(() => all(given)).toThrow(ArgumentError);
    expect(() => all(given)).toThrow(message);
  });

  test('an image of a canvas is refused with the remedy', () => {
    const image = { data: Uint8ClampedArray.from(levels), width: 2, height: 3 };
    expect(() => toFloats(image as never)).toThrow(/images as bytes.*Give its data/);
  });

  test('counts, labels and sizes that do not fit are refused', () => {
    const made = (split: object, more = {}) => [...batches(split as Split, { ...options, ...more })];
    expect(() => made({ count: 5, inputs: levels, labels })).toThrow('split.inputs of 5 samples');
    expect(() => made({ count, inputs: levels, labels: labels.subarray(1) })).toThrow(
      'split.labels of 6 samples',
    );
    expect(() => made({ count: Number.NaN, inputs: levels, labels })).toThrow('split.count: a whole number');
    expect(() => made(null as never)).toThrow('a split, { count, inputs, labels }, got null');
    for (const imageSize of [{}, { height: 2, width: 2 }, { height: 2, width: 2, channels: '1' }, 4])
      expect(() => made({ count, inputs: levels, labels }, { imageSize })).toThrow(
        /imageSize: an object with height/,
      );
  });
});
