import type { StorageChoice, StorageFormat } from '@funhash/codec';
import { flag, oneOf, type Settings } from './config.ts';

const storageFormats = ['f32', 'f16', 'bf16', 'i8', 'i7', 'i6', 'i5', 'i4', 'i3', 'i2'] as const;

/** How a command writes its model file. */
export const storageSettings = {
  storeAs: {
    flag: '--store-as <format>',
    help: `how the model file stores values, biases as f16 at least: ${storageFormats.join(', ')}`,
    schema: oneOf(storageFormats),
    default: 'f32',
  },
  compress: {
    flag: '--compress',
    help: 'gzip the model file',
    schema: flag,
    default: false,
  },
} as const satisfies Settings;

/** Codes of few bits would round biases, of which there are few, to steps that show. */
export function storageOf({ storeAs }: { readonly storeAs: StorageFormat }): StorageChoice {
  return storeAs.startsWith('i') ? (name) => (name.endsWith('bias') ? 'f16' : storeAs) : storeAs;
}
