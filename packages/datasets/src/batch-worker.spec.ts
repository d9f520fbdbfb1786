import { ArgumentError, FunhashError } from '@funhash/hashing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BatchWorker, batchWorker } from './batch-worker.ts';
import { type Batch, type BatchOptions, batches } from './batches.ts';
import type { Split } from './images/image-dataset.ts';

const split: Split = {
  count: 23,
  inputs: Uint8Array.from({ length: 23 * 48 }, (_, k) => (k * 37) % 256),
  labels: Uint8Array.from({ length: 23 }, (_, k) => k),
};
const options: BatchOptions = {
  batchSize: 5,
  seed: 3,
  mean: 0.4,
  imageSize: { height: 4, width: 4, channels: 3 },
  augment: { shift: 1, flip: true, rotation: 20, cutout: 2 },
};

let worker: BatchWorker;
beforeAll(async () => {
  worker = await batchWorker(split, options);
});
afterAll(() => worker.close());

const all = async (batches: AsyncIterable<Batch>) => {
  const list: Batch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
};

test('a thread gives the batches of the main thread', async () => {
  expect(worker.stepsPerEpoch).toBe(5);
  for (const epoch of [0, 4, 1])
    expect(await all(worker.epoch(epoch))).toEqual([...batches(split, { ...options, epoch })]);
});

test('an epoch that was left early does not disturb the next', async () => {
  for await (const batch of worker.epoch(2)) {
    expect(batch.labels).toHaveLength(5);
    break;
  }
  expect(await all(worker.epoch(3))).toEqual([...batches(split, { ...options, epoch: 3 })]);
});

test('two epochs at once keep apart', async () => {
  const [a, b] = await Promise.all([all(worker.epoch(5)), all(worker.epoch(6))]);
  expect(a).toEqual([...batches(split, { ...options, epoch: 5 })]);
  expect(b).toEqual([...batches(split, { ...options, epoch: 6 })]);
});

test('bad options are refused before a thread starts, and a closed thread says that it has ended', async () => {
  await expect(batchWorker(split, { ...options, batchSize: 0 })).rejects.toThrow(ArgumentError);
  const closed = await batchWorker(split, options);
  const first = all(closed.epoch(0));
  await Promise.all([closed.close(), expect(first).rejects.toThrow(/has ended/)]);
  await expect(all(closed.epoch(1))).rejects.toThrow(/has ended.*Make another one/);
  await expect(all(closed.epoch(1))).rejects.toThrow(FunhashError);
  await closed.close();
});
