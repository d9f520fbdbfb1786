import { ArgumentError, random } from '@funhash/hashing';
import { imageElements, type Split } from './images/image-dataset.ts';

/**
 * A part of a split, copied.
 *
 * @param which indices of the images, in the wanted order, or how many: the first ones, or with `seed` ones drawn
 * without replacement. Classes are not balanced.
 * @throws ArgumentError when an index or the count is out of range.
 */
export function subset(split: Split, which: number | ArrayLike<number>, seed?: number): Split {
  const indices = typeof which === 'number' ? drawIndices(split, which, seed) : which;
  const elements = imageElements(split);
  const count = indices.length;
  const inputs = new Uint8Array(count * elements);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const from = indices[i] as number;
    if (!Number.isInteger(from) || from < 0 || from >= split.count) {
      throw new ArgumentError({
        operation: 'subset',
        expected: `indices 0 … ${split.count - 1}`,
        actual: String(from),
      });
    }
    inputs.set(split.inputs.subarray(from * elements, (from + 1) * elements), i * elements);
    labels[i] = split.labels[from] as number;
  }
  return { count, inputs, labels };
}

function drawIndices(split: Split, count: number, seed: number | undefined): Uint32Array {
  if (!Number.isInteger(count) || count < 0 || count > split.count) {
    throw new ArgumentError({
      operation: 'subset',
      expected: `a count of 0 … ${split.count}`,
      actual: String(count),
    });
  }
  return orderOf(split, seed).subarray(0, count);
}

function orderOf(split: Split, seed: number | undefined): Uint32Array {
  return seed === undefined
    ? Uint32Array.from({ length: split.count }, (_, i) => i)
    : random(seed).permutation(split.count);
}

/**
 * Takes validation images out of a training split. The split is not stratified: class shares are those of the draw.
 *
 * @param size below 1 a fraction of the images (rounded), else their number.
 * @param seed draws the validation images; without it they are the last ones, the convention of the MNIST variations.
 * @throws ArgumentError unless both parts keep at least one image.
 */
export function splitValidation(
  split: Split,
  size: number,
  seed?: number,
): { train: Split; validation: Split } {
  const count = size < 1 ? Math.round(size * split.count) : size;
  if (!Number.isInteger(count) || count < 1 || count >= split.count) {
    throw new ArgumentError({
      operation: 'splitValidation',
      expected: `a fraction in (0, 1) or a count, that leaves images on both sides of ${split.count}`,
      actual: String(size),
    });
  }
  const order = orderOf(split, seed);
  const trainCount = split.count - count;
  return {
    train: subset(split, order.subarray(0, trainCount)),
    validation: subset(split, order.subarray(trainCount)),
  };
}
