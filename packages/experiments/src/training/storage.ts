import { atLeastF16, isBias, type StorageChoice, type StorageFormat, storageFormats } from '@funhash/codec';
import type { Module } from '@funhash/layers';

/** Formats of stored values, by name. */
export const storageNames = Object.keys(storageFormats) as StorageFormat[];

/** The format of each tensor of a network: the one asked for, where it does not harm. */
export function storageOf(storeAs: StorageFormat, net: Module): StorageChoice {
  const buffers = net.namedBuffers();
  return atLeastF16(storeAs, (name) => isBias(name) || buffers.has(name));
}
