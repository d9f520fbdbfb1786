import { ArgumentError, bytesOf, quoted, refuseUnknown } from '@funhash/hashing';
import { formatOf, type StorageChoice } from '../formats/storage-formats.ts';
import type { DescriptionField } from '../formats/tensor-codec.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import type { JsonValue } from '../json/json.ts';
import { blankChecksum, checksumKey, stampChecksum } from './checksum.ts';
import { checkShape, encodeSafetensors } from './encode-safetensors.ts';
import { format, type Model, type ModelTensor, specKey, specLimits, version } from './model-file.ts';
import { entryOf, fieldOf } from './read-entries.ts';
import type { Named, StoredTensor } from './safetensors.ts';

/**
 * A model file: safetensors with the description as JSON text in the metadata, under a checksum of the whole file.
 * Equal models give equal bytes.
 *
 * @param model.storeAs the format of all f32 and f64 tensors in the file, or a function that gives the one of each;
 * default: as they are. Integers stay.
 * @throws ArgumentError for a spec that is not plain JSON, data that does not fit its shape, an unknown format, values
 * that their format cannot hold
 */
export function encodeModel(model: Model & { readonly storeAs?: StorageChoice }): Uint8Array {
  refuseUnknown('encodeModel', ['spec', 'tensors', 'storeAs'], model);
  const { storeAs } = model;
  const stored = new Map<string, StoredTensor>();
  const entries: { [F in DescriptionField]?: Record<string, JsonValue> } = {};
  for (const [name, { shape, data }] of pairsOf(model.tensors)) {
    const chosen = typeof storeAs === 'function' ? storeAs(name, shape) : storeAs;
    const isReal = data instanceof Float32Array || data instanceof Float64Array;
    const codec = chosen === undefined ? undefined : formatOf(chosen);
    if (!isReal || codec === undefined) {
      stored.set(name, asItIs(name, { shape, data }));
      continue;
    }
    checkShape(`tensor ${quoted(name)}`, shape, data.length);
    const encoded = codec.encode(data, shape);
    stored.set(name, encoded.stored);
    if (codec.native !== undefined) continue;
    const field = fieldOf(codec);
    // Without a prototype, so that every name is only a name.
    entries[field] ??= Object.create(null) as Record<string, JsonValue>;
    entries[field][name] = { ...entryOf(codec, encoded.said) };
  }
  const description = canonicalJson({ format, version, spec: model.spec, ...entries }, specLimits);
  const bytes = encodeSafetensors(stored, { [specKey]: description, [checksumKey]: blankChecksum });
  stampChecksum(bytes);
  return bytes;
}

function pairsOf<T>(named: Named<T>): Iterable<[string, T]> {
  return named instanceof Map ? named : Object.entries(named);
}

function asItIs(name: string, { shape, data }: ModelTensor): StoredTensor {
  if (data instanceof Float32Array) return { dtype: 'F32', shape, data };
  if (data instanceof Float64Array) return { dtype: 'F64', shape, data };
  if (data instanceof Int32Array) return { dtype: 'I32', shape, data };
  const bytes = bytesOf(data);
  if (bytes) return { dtype: 'U8', shape, data: bytes };
  throw new ArgumentError({
    operation: 'encodeModel',
    expected: 'a Float64Array, Float32Array, Int32Array or Uint8Array',
    actual: `another type of data for tensor ${quoted(name)}`,
  });
}
