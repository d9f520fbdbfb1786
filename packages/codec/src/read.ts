// Reading alone: pages that load models and never save one import this entry.
export { decodeModel } from './decode-model.ts';
export { decodeSafetensors } from './decode-safetensors.ts';
export { type CodeBits, dequantize, type Quantized } from './dequantize.ts';
export { inflateBytes } from './gzip.ts';
export { type JsonLimits, type JsonRefusal, type JsonValue, parseJson } from './json.ts';
export type {
  DecodedModel,
  Model,
  ModelTensor,
  StorageChoice,
  StorageFormat,
  StoredFormat,
} from './model-file.ts';
export { ModelFileError, type ModelFileErrorDetails } from './model-file-error.ts';
export type { QuantizedFormat } from './quantized-tensor.ts';
export { type ByteSource, readBytes } from './read-bytes.ts';
export {
  type Dtype,
  dtypes,
  type Named,
  type Safetensors,
  type StoredTensor,
  safetensorsLimits,
} from './safetensors.ts';
