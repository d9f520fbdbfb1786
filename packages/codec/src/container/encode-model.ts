import { refuseUnknown } from '@funhash/hashing';
import type { StorageChoice } from '../formats/storage-formats.ts';
import type { DescriptionField } from '../formats/tensor-codec.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import type { JsonValue } from '../json/json.ts';
import { blankChecksum, checksumKey, stampChecksum } from './checksum.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import { format, type Model, specKey, specLimits, version } from './model-file.ts';
import { entryOf, fieldOf } from './read-entries.ts';
import type { StoredTensor } from './safetensors.ts';
import { storedTensors } from './stored-tensors.ts';

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
  const stored = new Map<string, StoredTensor>();
  const entries: { [F in DescriptionField]?: Record<string, JsonValue> } = {};
  for (const { name, codec, tensor, encode } of storedTensors(model)) {
    if (!codec) {
      stored.set(name, tensor());
      continue;
    }
    const encoded = encode(codec);
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
