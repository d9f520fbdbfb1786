import { ArgumentError, random, shownValue } from '@funhash/hashing';
import type { FloatDType } from '@funhash/tensor';
import { type Arrays, arraysOf, type Examples, takeRows } from './examples.ts';

/** The batches of every epoch of a run. */
export interface BatchSource {
  /** Batches in an epoch; undefined where the data do not tell. */
  readonly stepsPerEpoch: number | undefined;
  /** All examples that are in memory, those that are set apart too. */
  readonly all: Arrays | undefined;
  /** Batches of epoch 0, 1, …, from batch `from` on. */
  epoch(epoch: number, from: number): AsyncIterable<Arrays>;
}

/**
 * Examples in memory, in an order decided by seed and epoch.
 *
 * @param all what they are part of
 */
export function sourceOf(
  part: Arrays,
  batchSize: number,
  { shuffle, seed, dtype }: { shuffle: boolean; seed: number; dtype: FloatDType },
  all = part,
): BatchSource {
  const { count } = part;
  return {
    all,
    stepsPerEpoch: Math.ceil(count / batchSize),
    async *epoch(epoch, from) {
      const order = shuffle
        ? random(seed).fork('order').fork(epoch).permutation(count)
        : Uint32Array.from({ length: count }, (_, k) => k);
      for (let start = from * batchSize; start < count; start += batchSize)
        yield takeRows(part, order.subarray(start, start + batchSize), dtype);
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
    all: undefined,
    stepsPerEpoch,
    async *epoch(epoch, from) {
      let place = -1;
      for await (const examples of iterable(make(epoch), epoch)) {
        place++;
        if (place === stepsPerEpoch)
          throw new ArgumentError({
            operation: 'fit',
            expected: `${stepsPerEpoch} batches of data(${epoch}), as stepsPerEpoch says`,
            actual: 'more',
            remedy:
              'Give the number of batches in an epoch, or leave it out with a schedule that does not end.',
          });
        if (place < from) continue;
        const batch = arraysOf(examples, { operation: 'fit', name: `data(${epoch})[${place}]` });
        const order = Uint32Array.from({ length: batch.count }, (_, k) => k);
        yield takeRows(batch, order, dtype);
      }
    },
  };
}

function iterable(
  batches: Iterable<Examples> | AsyncIterable<Examples>,
  epoch: number,
): Iterable<Examples> | AsyncIterable<Examples> {
  const given: unknown = batches;
  if (
    typeof given === 'object' &&
    given !== null &&
    (Symbol.iterator in given || Symbol.asyncIterator in given)
  )
    return batches;
  throw new ArgumentError({
    operation: 'fit',
    expected: `batches of data(${epoch}), as something to iterate`,
    actual: shownValue(given),
  });
}
