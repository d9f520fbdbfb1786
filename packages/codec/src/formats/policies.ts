import { formatOf, type StorageChoice, storageFormats } from './storage-formats.ts';

/** Whether a tensor is a bias, by its name: one of few values, each added to an output of its layer. */
export const isBias = (name: string): boolean => name.endsWith('bias');

/**
 * The storage policy for delicate tensors: they are stored in `f16` where `storeAs` is a format of fewer bits. Coarse
 * steps of biases show, and would make 0 of a running variance near 0. What a function says of each tensor stays.
 *
 * @throws ArgumentError for a format that there is not
 */
export function atLeastF16(storeAs: StorageChoice, isDelicate: (name: string) => boolean): StorageChoice {
  if (typeof storeAs === 'function' || formatOf(storeAs).bits >= storageFormats.f16.bits) return storeAs;
  return (name) => (isDelicate(name) ? 'f16' : storeAs);
}
