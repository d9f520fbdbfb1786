import { expect, test } from 'vitest';
import { sourceFrom, sourceOf } from './batches.ts';
import { type Arrays, arraysOf } from './examples.ts';

const all = arraysOf({ inputs: Float32Array.from({ length: 23 }, (_, k) => k), labels: new Int32Array(23) });
const options = { shuffle: true, seed: 3, dtype: 'f32' } as const;
const listed = async (batches: AsyncIterable<readonly Arrays[]>) => {
  const list: Arrays[] = [];
  for await (const parts of batches) list.push(...parts);
  return list;
};
const batchesOf = async (
  epoch: number,
  from = 0,
  changed: Partial<typeof options> | { shuffle: false } = {},
) =>
  (
    await listed(
      sourceOf(all, { batchSize: 5, accumulate: 1 }, { ...options, ...changed }).epoch(epoch, from),
    )
  ).map(({ inputs }) => [...inputs.data]);

test('an epoch has every example once, the last batch what is left', async () => {
  const batches = await batchesOf(0);
  expect(batches.map(({ length }) => length)).toEqual([5, 5, 5, 5, 3]);
  expect(batches.flat().sort((a, b) => a - b)).toEqual([...all.inputs.data]);
  expect(sourceOf(all, { batchSize: 5, accumulate: 1 }, options).stepsPerEpoch).toBe(5);
});

test('seed and epoch decide the order', async () => {
  expect(await batchesOf(4)).toEqual(await batchesOf(4));
  expect(await batchesOf(1)).not.toEqual(await batchesOf(0));
  expect(await batchesOf(0, 0, { ...options, seed: 4 as 3 })).not.toEqual(await batchesOf(0));
  expect((await batchesOf(7, 0, { shuffle: false })).flat()).toEqual([...all.inputs.data]);
});

test('an epoch continues from any batch', async () => {
  for (const from of [0, 2, 4, 5]) expect(await batchesOf(1, from)).toEqual((await batchesOf(1)).slice(from));
  const make = (epoch: number) => [1, 2, 3].map((k) => ({ inputs: [[k * epoch]], labels: [k] }));
  async function* makeLater(epoch: number) {
    for (const examples of make(epoch)) {
      await new Promise((resolve) => setTimeout(resolve));
      yield examples;
    }
  }
  for (const source of [make, makeLater]) {
    const made = await listed(sourceFrom(source, { stepsPerEpoch: 3, accumulate: 1 }, 'f64').epoch(2, 1));
    expect(made.map(({ inputs, targets }) => [inputs.data, targets.data])).toEqual([
      [Float64Array.of(4), Int32Array.of(2)],
      [Float64Array.of(6), Int32Array.of(3)],
    ]);
  }
});
