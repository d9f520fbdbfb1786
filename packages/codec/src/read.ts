// Reading alone: pages that load models and never save one import this entry.

export { inflateBytes } from './bytes/gzip.ts';
export { type ByteSource, readBytes, sourceName } from './bytes/read-bytes.ts';
export type {
  AbortSignalLike,
  BlobLike,
  FileHandleLike,
  ResponseLike,
  UrlLike,
  WritableLike,
} from './bytes/web-types.ts';
export { compactReader } from './container/compact/compact-reader.ts';
export { type DecodeModelOptions, decodeModel } from './container/decode-model.ts';
export { decodeSafetensors } from './container/decode-safetensors.ts';
export type { Check, Fault } from './container/faults.ts';
export type { ContainerReader, ModelContainer } from './container/model-container.ts';
export type { DecodedModel, Model, ModelTensor, StoredFormat } from './container/model-file.ts';
export { ModelFileError, type ModelFileErrorDetails } from './container/model-file-error.ts';
export {
  type Dtype,
  dtypes,
  type LazyTensor,
  type Named,
  type Safetensors,
  type StoredTensor,
  safetensorsLimits,
} from './container/safetensors.ts';
export { openSafetensors, type SafetensorsFile } from './container/safetensors-file.ts';
export { type CodeBits, dequantize, type Quantized } from './formats/codes/dequantize.ts';
export type {
  DescriptionField,
  EncodedTensor,
  RealArray,
  Said,
  TensorCodec,
  TensorDecoder,
  TensorDecoders,
  TensorEncoder,
  TensorRefusal,
} from './formats/tensor-codec.ts';
export { type JsonLimits, type JsonRefusal, type JsonValue, parseJson } from './json/json.ts';
