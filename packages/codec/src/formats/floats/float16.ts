import { roundToOddFloat32 } from './round-to-odd.ts';

// IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.

/** The binary16 pattern nearest to a number (ties to even); beyond ±65520 it is an infinity. */
export function numberToFloat16(x: number): number {
  return roundToFloat16(roundToOddFloat32(x));
}

/** The value of a binary16 pattern. */
export function float16ToNumber(pattern: number): number {
  return decodeFloat16(Uint16Array.of(pattern))[0] as number;
}

/** Values to binary16 patterns, each rounded once, to nearest, ties to even. Sign and leading payload of a NaN stay. */
export function encodeFloat16(values: Float32Array | Float64Array): Uint16Array {
  const patterns = new Uint16Array(values.length);
  if (values instanceof Float64Array) {
    for (let i = 0; i < values.length; i++) patterns[i] = numberToFloat16(values[i] as number);
  } else {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < bits.length; i++) patterns[i] = roundToFloat16(bits[i] as number);
  }
  return patterns;
}

/** Binary16 patterns to f32, exactly, NaN payloads included. */
export function decodeFloat16(patterns: Uint16Array): Float32Array {
  const values = new Float32Array(patterns.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = float32Pattern(patterns[i] as number);
  return values;
}

function roundToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7c00 | ((magnitude >>> 13) & 0x3ff || 0x200);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  return sign | ((significand + (1 << (shift - 1)) - 1 + ((significand >>> shift) & 1)) >>> shift);
}

function float32Pattern(pattern: number): number {
  const sign = (pattern & 0x8000) << 16;
  const exponent = (pattern >>> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}
