// Writing alone: imported when something is first saved.
export { canonicalJson } from './canonical-json.ts';
export { castForStorage, type FloatFormat } from './cast-for-storage.ts';
export { compressBytes } from './compress-bytes.ts';
export { encodeModel } from './encode-model.ts';
export { encodeSafetensors } from './encode-safetensors.ts';
export { quantize } from './quantize.ts';
export { type ByteTarget, saveBytes } from './save-bytes.ts';
export type { StoredElements } from './upcast.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
