export { bfloat16ToNumber, decodeBfloat16, encodeBfloat16, numberToBfloat16 } from './bfloat16.ts';
export { castForStorage, type FloatFormat, type StoredElements } from './cast-for-storage.ts';
export { type ByteSource, type ByteTarget, readBytes, saveBytes } from './file.ts';
export { decodeFloat16, encodeFloat16, float16ToNumber, numberToFloat16 } from './float16.ts';
export { compressBytes, inflateBytes } from './gzip.ts';
export { canonicalJson, type JsonLimits, type JsonRefusal, type JsonValue, parseJson } from './json.ts';
export {
  type DecodedModel,
  decodeModel,
  encodeModel,
  type Model,
  type ModelTensor,
  type StorageChoice,
  type StorageFormat,
  type StoredFormat,
} from './model-file.ts';
export { ModelFileError, type ModelFileErrorDetails } from './model-file-error.ts';
export { type CodeBits, dequantize, type Quantized, quantize } from './quantize.ts';
export type { QuantizedFormat } from './quantized-tensor.ts';
export {
  type Dtype,
  decodeSafetensors,
  dtypes,
  encodeSafetensors,
  type Named,
  type Safetensors,
  type StoredTensor,
  safetensorsLimits,
} from './safetensors.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
