import { ArgumentError } from '@funhash/hashing';
import { castForStorage, type FloatFormat } from '../formats/cast-for-storage.ts';
import { packTensor } from '../formats/pack-tensor.ts';
import { bitsOf } from '../formats/quantized-tensor.ts';
import type { StoredElements } from '../formats/upcast.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import type { JsonValue } from '../json/json.ts';
import { blankChecksum, checksumKey, stampChecksum } from './checksum.ts';
import { checkShape, encodeSafetensors } from './encode-safetensors.ts';
import {
  format,
  type Model,
  type ModelTensor,
  type StorageChoice,
  specKey,
  specLimits,
  version,
} from './model-file.ts';
import { quote } from './model-file-error.ts';
import type { StoredTensor } from './safetensors.ts';

/**
 * A model file: safetensors with the description as JSON text in the metadata, under a checksum of the whole file.
 * Equal models give equal bytes.
 *
 * @param model.storeAs the format of all f32 and f64 tensors in the file, or a function that gives the one of each;
 * default: as they are. Integers stay.
 * @throws ArgumentError for a spec that is not plain JSON, data that does not fit its shape, finite values beyond the
 * range of `storeAs`, infinities and NaN where it quantises
 */
export function encodeModel(model: Model & { readonly storeAs?: StorageChoice }): Uint8Array {
  const { storeAs } = model;
  const stored = new Map<string, StoredTensor>();
  // Without a prototype, so that every name is only a name.
  const quantized: Record<string, JsonValue> = Object.create(null);
  const tensors = model.tensors instanceof Map ? model.tensors : Object.entries(model.tensors);
  for (const [name, { shape, data }] of tensors as Iterable<[string, ModelTensor]>) {
    const format = typeof storeAs === 'function' ? storeAs(name, shape) : storeAs;
    const bits = format === undefined ? undefined : bitsOf(format);
    if (bits !== undefined && (data instanceof Float32Array || data instanceof Float64Array)) {
      checkShape(`tensor ${quote(name)}`, shape, data.length);
      const { tensor, quantization } = packTensor(shape, data, bits);
      stored.set(name, tensor);
      quantized[name] = { ...quantization };
    } else {
      const elements = elementsToStore(name, data, format as FloatFormat | undefined);
      stored.set(name, { shape, ...elements } as StoredTensor);
    }
  }
  const isQuantized = Object.keys(quantized).length > 0;
  const description = canonicalJson(
    { format, version, spec: model.spec, ...(isQuantized && { quantized }) },
    specLimits,
  );
  const bytes = encodeSafetensors(stored, { [specKey]: description, [checksumKey]: blankChecksum });
  stampChecksum(bytes);
  return bytes;
}

function elementsToStore(
  name: string,
  data: ModelTensor['data'],
  storeAs: FloatFormat | undefined,
): StoredElements {
  if (data instanceof Int32Array) return { dtype: 'I32', data };
  if (data instanceof Uint8Array) return { dtype: 'U8', data };
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new ArgumentError({
      operation: 'encodeModel',
      expected: 'a Float64Array, Float32Array, Int32Array or Uint8Array',
      actual: `another type of data for tensor ${quote(name)}`,
    });
  }
  if (storeAs !== undefined) return castForStorage(data, storeAs);
  return { dtype: data instanceof Float32Array ? 'F32' : 'F64', data };
}
