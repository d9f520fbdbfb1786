import { atLeastF16, isBias, type StorageChoice, type StorageFormat, storageFormats } from '@funhash/codec';
import type { Module } from '@funhash/layers';
import { flag, oneOf, type Settings } from './config.ts';

const formats = Object.keys(storageFormats) as StorageFormat[];

/** How a command writes its model file. */
export const storageSettings = {
  storeAs: {
    flag: '--store-as <format>',
    help: `how the model file stores values, biases and running statistics as f16 at least: ${formats.join(', ')}`,
    schema: oneOf(formats),
    default: 'f32',
  },
  compress: {
    flag: '--compress',
    help: 'gzip the model file',
    schema: flag,
    default: false,
  },
} as const satisfies Settings;

/** The format of each tensor of a network: the one of the settings, where it does not harm. */
export function storageOf({ storeAs }: { readonly storeAs: StorageFormat }, net: Module): StorageChoice {
  const buffers = net.namedBuffers();
  return atLeastF16(storeAs, (name) => isBias(name) || buffers.has(name));
}
