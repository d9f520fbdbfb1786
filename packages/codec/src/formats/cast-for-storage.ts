import { ArgumentError } from '@funhash/hashing';
import { encodeBfloat16 } from './bfloat16.ts';
import { encodeFloat16 } from './float16.ts';
import type { StoredElements } from './upcast.ts';
import { upcast } from './upcast.ts';

/** Floating-point formats that real numbers can be stored in: 32, 16 and 16 bits. */
export type FloatFormat = 'f32' | 'f16' | 'bf16';

type FloatData = Float32Array | Float64Array;

/**
 * Real numbers in a floating-point format, each rounded once, to nearest, ties to even. f32 values stored as f32 are not
 * copied.
 *
 * @throws ArgumentError when a finite value would become an infinity (beyond ±65504 in f16).
 */
export function castForStorage(data: FloatData, storeAs: FloatFormat): StoredElements {
  const stored = round(data, storeAs);
  const values = upcast(stored) as FloatData;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(values[i] as number) && Number.isFinite(data[i] as number)) {
      throw new ArgumentError({
        operation: 'castForStorage',
        expected: `values within the range of ${storeAs}`,
        actual: `${data[i]} at index ${i}`,
        remedy: "Store as 'bf16', 'f32', or without storeAs.",
      });
    }
  }
  return stored;
}

function round(data: FloatData, storeAs: FloatFormat): StoredElements {
  switch (storeAs) {
    case 'f32':
      return { dtype: 'F32', data: data instanceof Float32Array ? data : Float32Array.from(data) };
    case 'f16':
      return { dtype: 'F16', data: encodeFloat16(data) };
    case 'bf16':
      return { dtype: 'BF16', data: encodeBfloat16(data) };
    default:
      throw new ArgumentError({
        operation: 'castForStorage',
        expected: "storeAs 'f32', 'f16', 'bf16', or 'i2' to 'i8'",
        actual: String(storeAs),
      });
  }
}
