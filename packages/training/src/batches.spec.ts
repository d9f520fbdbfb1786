import { expect, test } from 'vitest';
import { sourceFrom, sourceOf } from './batches.ts';
import { arraysOf } from './examples.ts';

const all = arraysOf({ inputs: Float32Array.from({ length: 23 }, (_, k) => k), labels: new Int32Array(23) });
const options = { shuffle: true, seed: 3, dtype: 'f32' } as const;
const batchesOf = (epoch: number, from = 0, changed: Partial<typeof options> | { shuffle: false } = {}) =>
  Array.from(sourceOf(all, 5, { ...options, ...changed }).epoch(epoch, from), ({ inputs }) => [
    ...inputs.data,
  ]);

test('an epoch has every example once, the last batch what is left', () => {
  const batches = batchesOf(0);
  expect(batches.map(({ length }) => length)).toEqual([5, 5, 5, 5, 3]);
  expect(batches.flat().sort((a, b) => a - b)).toEqual([...all.inputs.data]);
  expect(sourceOf(all, 5, options).stepsPerEpoch).toBe(5);
});

test('seed and epoch decide the order', () => {
  expect(batchesOf(4)).toEqual(batchesOf(4));
  expect(batchesOf(1)).not.toEqual(batchesOf(0));
  expect(batchesOf(0, 0, { ...options, seed: 4 as 3 })).not.toEqual(batchesOf(0));
  expect(batchesOf(7, 0, { shuffle: false }).flat()).toEqual([...all.inputs.data]);
});

test('an epoch continues from any batch', () => {
  for (const from of [0, 2, 4, 5]) expect(batchesOf(1, from)).toEqual(batchesOf(1).slice(from));
  const made = sourceFrom(
    (epoch) => [1, 2, 3].map((k) => ({ inputs: [[k * epoch]], labels: [k] })),
    3,
    'f64',
  );
  expect(Array.from(made.epoch(2, 1), ({ inputs, targets }) => [inputs.data, targets.data])).toEqual([
    [Float64Array.of(4), Int32Array.of(2)],
    [Float64Array.of(6), Int32Array.of(3)],
  ]);
});
