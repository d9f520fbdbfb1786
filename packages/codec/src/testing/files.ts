import { blankChecksum, checksumKey, stampChecksum } from '../container/checksum.ts';
import { decodeModel } from '../container/decode-model.ts';
import { encodeModel } from '../container/encode-model.ts';
import { encodeSafetensors } from '../container/encode-safetensors.ts';
import { format, type ModelTensor, specKey, version } from '../container/model-file.ts';
import { entryOf, fieldOf } from '../container/read-entries.ts';
import type { StoredTensor } from '../container/safetensors.ts';
import type { RealArray, TensorCodec } from '../formats/tensor-codec.ts';
import type { JsonValue } from '../json/json.ts';

/** Real numbers and their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: RealArray;
}

const name = 'w';

/** A file with one tensor, written as users write it. */
export function saved(codec: TensorCodec, values: Values): Uint8Array {
  return encodeModel({ spec: null, tensors: { [name]: values }, storeAs: codec });
}

/** A file with one tensor and any entry for it, under a valid checksum. */
export function fileOf(codec: TensorCodec, stored: StoredTensor, entry: JsonValue): Uint8Array {
  const isSaid = codec.native === undefined || JSON.stringify(entry) !== JSON.stringify(entryOf(codec, {}));
  const entries = isSaid ? { [fieldOf(codec)]: { [name]: entry } } : {};
  const bytes = encodeSafetensors(
    { [name]: stored },
    { [specKey]: JSON.stringify({ format, version, spec: null, ...entries }), [checksumKey]: blankChecksum },
  );
  stampChecksum(bytes);
  return bytes;
}

/** The tensor in a file. */
export function valuesIn(file: Uint8Array, codec: TensorCodec): Values {
  const { tensors } = decodeModel(file, { formats: { [codec.id]: codec } });
  return tensors.get(name) as ModelTensor as Values;
}

/** Bytes in array buffers, uncollected ones too; 0 where the engine does not tell. */
export function arrayBytes(): number {
  return globalThis.process?.memoryUsage?.().arrayBuffers ?? 0;
}
