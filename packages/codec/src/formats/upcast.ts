import type { StoredTensor } from '../container/safetensors.ts';
import { decodeBfloat16 } from './bfloat16.ts';
import { decodeFloat16 } from './float16.ts';

/** An element format of a file and the elements in it. */
export type StoredElements = Pick<StoredTensor, 'dtype' | 'data'>;

/** Stored elements as numbers to compute with: 16-bit formats as f32, the others as they are. */
export function upcast(stored: StoredElements): Float64Array | Float32Array | Int32Array | Uint8Array {
  if (stored.dtype === 'F16') return decodeFloat16(stored.data as Uint16Array);
  if (stored.dtype === 'BF16') return decodeBfloat16(stored.data as Uint16Array);
  return stored.data as Float64Array | Float32Array | Int32Array | Uint8Array;
}
