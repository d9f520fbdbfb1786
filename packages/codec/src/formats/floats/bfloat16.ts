import { roundToOddFloat32 } from './round-to-odd.ts';

// bfloat16: the upper half of an f32, 1 sign bit, 8 exponent bits (bias 127), 7 fraction bits.

/** The bfloat16 pattern nearest to a number (ties to even). */
export function numberToBfloat16(x: number): number {
  return roundToBfloat16(roundToOddFloat32(x));
}

/** The value of a bfloat16 pattern. */
export function bfloat16ToNumber(pattern: number): number {
  return decodeBfloat16(Uint16Array.of(pattern))[0] as number;
}

/** Values to bfloat16 patterns, each rounded once, to nearest, ties to even. Sign and leading payload of a NaN stay. */
export function encodeBfloat16(values: Float32Array | Float64Array): Uint16Array {
  const patterns = new Uint16Array(values.length);
  if (values instanceof Float64Array) {
    for (let i = 0; i < values.length; i++) patterns[i] = numberToBfloat16(values[i] as number);
  } else {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < bits.length; i++) patterns[i] = roundToBfloat16(bits[i] as number);
  }
  return patterns;
}

/** Bfloat16 patterns to f32, exactly, NaN payloads included. */
export function decodeBfloat16(patterns: Uint16Array): Float32Array {
  const values = new Float32Array(patterns.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = (patterns[i] as number) << 16;
  return values;
}

function roundToBfloat16(bits: number): number {
  const upper = bits >>> 16;
  if ((bits & 0x7fffffff) > 0x7f800000) return (upper & 0x7f) === 0 ? upper | 0x40 : upper;
  return (bits + 0x7fff + (upper & 1)) >>> 16;
}
