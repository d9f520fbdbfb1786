import { ArgumentError, random, shownValue } from '@funhash/hashing';
import type { FloatDType } from '@funhash/tensor';
import { type Arrays, arraysOf, type Examples, takeRows } from './examples.ts';

/** The steps of every epoch of a run, each of one batch or of several whose gradients are summed. */
export interface BatchSource {
  /** Steps in an epoch; undefined where the data do not tell. */
  readonly stepsPerEpoch: number | undefined;
  /** All examples that are in memory, those that are set apart too. */
  readonly all: Arrays | undefined;
  /** The batches of each step of epoch 0, 1, …, from step `from` on. */
  epoch(epoch: number, from: number): AsyncIterable<readonly Arrays[]>;
}

/** Makeup of steps. */
export interface StepSize {
  /** Examples in a batch, of examples in memory. */
  readonly batchSize: number;
  /** Batches in a step. The last step of an epoch has what is left. */
  readonly accumulate: number;
}

/**
 * Examples in memory, in an order decided by seed and epoch.
 *
 * @param all what they are part of
 */
export function sourceOf(
  part: Arrays,
  { batchSize, accumulate }: StepSize,
  { shuffle, seed, dtype }: { shuffle: boolean; seed: number; dtype: FloatDType },
  all = part,
): BatchSource {
  const { count } = part;
  const stepSize = batchSize * accumulate;
  return {
    all,
    stepsPerEpoch: Math.ceil(count / stepSize),
    async *epoch(epoch, from) {
      const order = shuffle
        ? random(seed).fork('order').fork(epoch).permutation(count)
        : Uint32Array.from({ length: count }, (_, k) => k);
      for (let start = from * stepSize; start < count; start += stepSize) {
        const batches: Arrays[] = [];
        const end = Math.min(count, start + stepSize);
        for (let at = start; at < end; at += batchSize)
          batches.push(takeRows(part, order.subarray(at, Math.min(end, at + batchSize)), dtype));
        yield batches;
      }
    },
  };
}

/** Batches that somebody else makes. */
export function sourceFrom(
  make: (epoch: number) => Iterable<Examples> | AsyncIterable<Examples>,
  {
    stepsPerEpoch,
    accumulate,
  }: { readonly stepsPerEpoch: number | undefined } & Pick<StepSize, 'accumulate'>,
  dtype: FloatDType,
): BatchSource {
  const most = stepsPerEpoch === undefined ? Infinity : stepsPerEpoch * accumulate;
  return {
    all: undefined,
    stepsPerEpoch,
    async *epoch(epoch, from) {
      let place = -1;
      let batches: Arrays[] = [];
      for await (const examples of iterable(make(epoch), epoch)) {
        place++;
        if (place === most)
          throw new ArgumentError({
            operation: 'fit',
            expected: `${most} batches of data(${epoch}), as stepsPerEpoch says`,
            actual: 'more',
            remedy:
              'Give the number of batches in an epoch, or leave it out with a schedule that does not end.',
          });
        if (place < from * accumulate) continue;
        const batch = arraysOf(examples, { operation: 'fit', name: `data(${epoch})[${place}]` });
        const order = Uint32Array.from({ length: batch.count }, (_, k) => k);
        batches.push(takeRows(batch, order, dtype));
        if (batches.length < accumulate) continue;
        yield batches;
        batches = [];
      }
      if (batches.length > 0) yield batches;
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
