import { ArgumentError, shownValue } from '@funhash/hashing';
import { sizeOf } from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';

/** Whether an array is of labels [N], not of numbers. */
export const isLabels = ({ shape, data }: NumericArray): boolean =>
  shape.length === 1 && data instanceof Int32Array;

/**
 * Checks an argument from outside.
 *
 * @param name of the argument in errors, such as `targets`
 * @throws ArgumentError unless it is `{ shape, data }` with a typed array of as many numbers as the shape has
 */
function requireNumericArray(operation: string, name: string, given: unknown): asserts given is NumericArray {
  const { shape, data } = (typeof given === 'object' && given !== null ? given : {}) as Partial<NumericArray>;
  const isShape =
    Array.isArray(shape) && shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  const isData =
    ArrayBuffer.isView(data) && typeof data.length === 'number' && !/^Big/.test(data.constructor.name);
  if (isShape && isData && sizeOf(shape) === data.length) return;
  throw new ArgumentError({
    operation,
    expected: `${name} as { shape, data }, a typed array of as many numbers as the shape has`,
    actual: isShape && isData ? `shape [${shape}] and ${data.length} numbers` : shownValue(given),
    remedy: 'Labels: { shape: [labels.length], data: Int32Array.from(labels) }. predict gives outputs so.',
  });
}

/** Checks outputs and targets, as every metric does first. @throws ArgumentError unless both are numeric arrays */
export function requireNumericArrays(operation: string, outputs: unknown, targets: unknown): void {
  requireNumericArray(operation, 'outputs', outputs);
  requireNumericArray(operation, 'targets', targets);
}
