import type { FloatFormat } from '../formats/cast-for-storage.ts';
import type { CodeBits } from '../formats/dequantize.ts';
import type { QuantizedFormat } from '../formats/quantized-tensor.ts';
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

/**
 * Formats that real numbers can be stored in: floating point, or `i2` to `i8`: codes of so many bits, with a scale for
 * each tensor.
 */
export type StorageFormat = FloatFormat | QuantizedFormat;

/** One format for all tensors, or one for each. */
export type StorageChoice =
  | StorageFormat
  | ((name: string, shape: readonly number[]) => StorageFormat | undefined);

/** The format of a tensor in a file. */
export type StoredFormat = Dtype | `I${CodeBits}`;

/** A network out of a file. */
export interface DecodedModel {
  /** Objects in it have no prototype. */
  readonly spec: JsonValue;
  /** In the order of the file; `dtype` is the format in the file, those below 32 bits arrive as f32 `data`. */
  readonly tensors: ReadonlyMap<string, ModelTensor & { readonly dtype: StoredFormat }>;
}

export const format = 'funhash-model';
export const version = 1;
export const specKey = 'funhash';
export const specLimits = { maxDepth: 64, maxValues: 2 ** 17 };
