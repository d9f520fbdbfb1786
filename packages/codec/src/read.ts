// Reading alone: pages that load models and never save one import this entry.

export { inflateBytes } from './bytes/gzip.ts';
export { type ByteSource, readBytes } from './bytes/read-bytes.ts';
export { decodeModel } from './container/decode-model.ts';
export { decodeSafetensors } from './container/decode-safetensors.ts';
export type {
  DecodedModel,
  Model,
  ModelTensor,
  StorageChoice,
  StorageFormat,
  StoredFormat,
} from './container/model-file.ts';
export { ModelFileError, type ModelFileErrorDetails } from './container/model-file-error.ts';
export {
  type Dtype,
  dtypes,
  type Named,
  type Safetensors,
  type StoredTensor,
  safetensorsLimits,
} from './container/safetensors.ts';
export { type CodeBits, dequantize, type Quantized } from './formats/dequantize.ts';
export type { QuantizedFormat } from './formats/quantized-tensor.ts';
export { type JsonLimits, type JsonRefusal, type JsonValue, parseJson } from './json/json.ts';
