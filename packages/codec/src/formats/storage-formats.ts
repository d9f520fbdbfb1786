import { ArgumentError, nearestName } from '@funhash/hashing';
import * as record from './index.ts';
import type { TensorCodec, TensorCodecs } from './tensor-codec.ts';

/** All storage formats by id, those of most bits first: what `storeAs` takes. */
export const storageFormats = /* @__PURE__ */ byBits(record);

/** The id of a storage format: floating point, or codes of so many bits with a scale for each tensor. */
export type StorageFormat = keyof typeof record;

/** One format for all tensors, by id or an object of the caller's own, or one for each; undefined: as they are. */
export type StorageChoice =
  | StorageFormat
  | TensorCodec
  | ((name: string, shape: readonly number[]) => StorageFormat | TensorCodec | undefined);

/**
 * The storage format that an id names; a format of the caller's own is itself.
 *
 * @throws ArgumentError for another name, with the known ones
 */
export function formatOf(storeAs: StorageFormat | TensorCodec): TensorCodec {
  if (typeof storeAs === 'object' && storeAs !== null) return storeAs;
  if (Object.hasOwn(storageFormats, storeAs)) return storageFormats[storeAs];
  const ids = Object.keys(storageFormats);
  const nearest = nearestName(String(storeAs), ids);
  throw new ArgumentError({
    operation: 'storeAs',
    expected: `one of ${ids.join(', ')}`,
    actual: String(storeAs),
    ...(nearest !== undefined && { remedy: `Did you mean ${nearest}?` }),
  });
}

function byBits<R extends TensorCodecs>(formats: R): R {
  return Object.fromEntries(Object.entries(formats).sort(([, a], [, b]) => b.bits - a.bits)) as R;
}
