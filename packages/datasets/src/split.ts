import { ArgumentError, checkOptions, random, shownValue } from '@funhash/hashing';
import type { Dataset, Samples } from './dataset.ts';
import { seedRule } from './define-dataset.ts';
import { requireSamples } from './images/image-dataset.ts';

/**
 * A part of a split, copied.
 *
 * @param which indices of the samples, in the wanted order, or how many: the first ones, or with `seed` ones drawn
 * without replacement. Classes are not balanced.
 * @throws ArgumentError when an index or the count is out of range.
 */
export function subset<S extends Samples>(split: S, which: number | ArrayLike<number>, seed?: number): S {
  requireSamples('subset', split);
  checkOptions('subset', seedRules, { seed });
  if (typeof which !== 'number' && !Number.isInteger(which?.length))
    throw new ArgumentError({
      operation: 'subset',
      expected: 'a count, or a list of indices',
      actual: shownValue(which),
    });
  const indices = typeof which === 'number' ? drawIndices(split, which, seed) : which;
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] as number;
    if (!Number.isInteger(from) || from < 0 || from >= split.count) {
      throw new ArgumentError({
        operation: 'subset',
        expected: `indices 0 … ${split.count - 1}`,
        actual: shownValue(from),
      });
    }
  }
  const { inputs, labels, targets } = split;
  return {
    ...split,
    count: indices.length,
    inputs: rowsOf(inputs, split.count, indices),
    ...(labels && { labels: rowsOf(labels, split.count, indices) }),
    ...(targets && { targets: rowsOf(targets, split.count, indices) }),
  };
}

const seedRules = { seed: seedRule() };

function rowsOf<A extends NonNullable<Samples[keyof Samples & ('inputs' | 'labels' | 'targets')]>>(
  values: A,
  count: number,
  indices: ArrayLike<number>,
): A {
  const size = count === 0 ? 0 : values.length / count;
  const rows = new (values.constructor as new (length: number) => A)(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] as number) * size;
    rows.set(values.subarray(from, from + size), i * size);
  }
  return rows;
}

/** A data set cut to the first samples of its parts. */
export function firstOf<D extends Dataset>(
  dataset: D,
  { trainCount, testCount }: { readonly trainCount?: number; readonly testCount?: number },
): D {
  return {
    ...dataset,
    train: trainCount === undefined ? dataset.train : subset(dataset.train, trainCount),
    test: testCount === undefined ? dataset.test : subset(dataset.test, testCount),
  };
}

function drawIndices(split: Samples, count: number, seed: number | undefined): Uint32Array {
  if (!Number.isInteger(count) || count < 0 || count > split.count) {
    throw new ArgumentError({
      operation: 'subset',
      expected: `a count of 0 … ${split.count}`,
      actual: String(count),
    });
  }
  return orderOf(split, seed).subarray(0, count);
}

function orderOf(split: Samples, seed: number | undefined): Uint32Array {
  return seed === undefined
    ? Uint32Array.from({ length: split.count }, (_, i) => i)
    : random(seed).permutation(split.count);
}

/**
 * Takes validation samples out of a training split. The split is not stratified: class shares are those of the draw.
 *
 * @param size below 1 a fraction of the samples (rounded), else their number.
 * @param seed draws the validation samples; without it they are the last ones, the convention of the MNIST variations.
 * @throws ArgumentError unless both parts keep at least one sample.
 */
export function splitValidation<S extends Samples>(
  split: S,
  size: number,
  seed?: number,
): { train: S; validation: S } {
  requireSamples('splitValidation', split);
  checkOptions('splitValidation', seedRules, { seed });
  const count = size < 1 ? Math.round(size * split.count) : size;
  if (!Number.isInteger(count) || count < 1 || count >= split.count) {
    throw new ArgumentError({
      operation: 'splitValidation',
      expected: `a fraction in (0, 1) or a count, that leaves samples on both sides of ${split.count}`,
      actual: shownValue(size),
    });
  }
  const order = orderOf(split, seed);
  const trainCount = split.count - count;
  return {
    train: subset(split, order.subarray(0, trainCount)),
    validation: subset(split, order.subarray(trainCount)),
  };
}
