// Writing alone: pages that only read do not bring it.

export { compressBytes } from './bytes/compress-bytes.ts';
export { type ByteTarget, saveBytes } from './bytes/save-bytes.ts';
export { isTemporaryFile, writeFileAtomic } from './bytes/write-file-atomic.ts';
export { compact } from './container/compact/compact.ts';
export { encodeModel } from './container/encode-model.ts';
export { encodeSafetensors, safetensorsChunks } from './container/encode-safetensors.ts';
export { quantize } from './formats/codes/quantize.ts';
export { atLeastF16, isBias } from './formats/policies.ts';
export { type StorageChoice, type StorageFormat, storageFormats } from './formats/storage-formats.ts';
export { canonicalJson } from './json/canonical-json.ts';
