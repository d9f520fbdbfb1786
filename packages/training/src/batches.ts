import { random } from '@funhash/hashing';
import type { FloatDType } from '@funhash/tensor';
import { type Arrays, arraysOf, type Examples, takeRows } from './examples.ts';

/** The batches of every epoch of a run. */
export interface BatchSource {
  /** Batches in an epoch; undefined where the data do not tell. */
  readonly stepsPerEpoch: number | undefined;
  /** Batches of epoch 0, 1, …, from batch `from` on. */
  epoch(epoch: number, from: number): AsyncIterable<Arrays>;
}

/** Examples in memory, in an order decided by seed and epoch. */
export function sourceOf(
  all: Arrays,
  batchSize: number,
  { shuffle, seed, dtype }: { shuffle: boolean; seed: number; dtype: FloatDType },
): BatchSource {
  return {
    stepsPerEpoch: Math.ceil(all.count / batchSize),
    async *epoch(epoch, from) {
      const order = shuffle
        ? random(seed).fork('order').fork(epoch).permutation(all.count)
        : Uint32Array.from({ length: all.count }, (_, k) => k);
      for (let start = from * batchSize; start < all.count; start += batchSize)
        yield takeRows(all, order.subarray(start, start + batchSize), dtype);
    },
  };
}

/** Batches that somebody else makes. */
export function sourceFrom(
  make: (epoch: number) => Iterable<Examples> | AsyncIterable<Examples>,
  stepsPerEpoch: number | undefined,
  dtype: FloatDType,
): BatchSource {
  return {
    stepsPerEpoch,
    async *epoch(epoch, from) {
      let place = 0;
      for await (const examples of make(epoch)) {
        if (place++ < from) continue;
        const batch = arraysOf(examples);
        const order = Uint32Array.from({ length: batch.count }, (_, k) => k);
        yield takeRows(batch, order, dtype);
      }
    },
  };
}
