import { ArgumentError, nearestName } from '@funhash/hashing';
import { tensorDecoders } from './decoders.ts';
import * as encoders from './encoders/index.ts';
import type { TensorCodec } from './tensor-codec.ts';

type Decoders = typeof tensorDecoders;

type StorageFormats = { readonly [F in keyof Decoders]: Decoders[F] & (typeof encoders)[F] };

/** All storage formats by id, those of most bits first: what `storeAs` takes. */
export const storageFormats = /* @__PURE__ */ withEncoders();

/** The id of a storage format: floating point, or codes of so many bits with a scale for each tensor. */
export type StorageFormat = keyof Decoders;

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

function withEncoders(): StorageFormats {
  const known: Readonly<Record<string, object>> = encoders;
  return Object.fromEntries(
    Object.entries(tensorDecoders).map(([id, decoder]) => [id, { ...decoder, ...known[id] }]),
  ) as StorageFormats;
}
