import type { StorageFormat } from '../formats/storage-formats.ts';
import type { JsonValue } from '../json/json.ts';
import type { Dtype, Named } from './safetensors.ts';

/** A tensor of a model in memory: row-major elements of `shape`; `[]` is one scalar. */
export interface ModelTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array | Uint8Array;
}

/** A network: its description and its stored values. */
export interface Model {
  /** Whatever the caller needs to build the network again. */
  readonly spec: JsonValue;
  readonly tensors: Named<ModelTensor>;
}

/** The format of a tensor in a file: a dtype of safetensors, or the id of a storage format in capitals. */
export type StoredFormat = Dtype | Uppercase<StorageFormat> | (string & Record<never, never>);

/** A network out of a file. */
export interface DecodedModel {
  /** Description of the network, as it was saved; objects in it have no prototype. */
  readonly spec: JsonValue;
  /** Tensors by name, in the order of the file; `dtype` is the format in the file, those below 32 bits arrive as f32 `data`. */
  readonly tensors: ReadonlyMap<string, ModelTensor & { readonly dtype: StoredFormat }>;
}

export const format = 'funhash-model';
export const version = 1;
export const specKey = 'funhash';
export const specLimits = { maxDepth: 64, maxValues: 2 ** 17 };
