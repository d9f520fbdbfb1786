import { check } from '../container/faults.ts';
import type { TensorDecoder } from './tensor-codec.ts';

// E4M3 of OCP FP8 (Micikevicius et al. 2022, arXiv:2209.05433): 1 sign bit, 4 exponent bits (bias 7), 3 fraction bits, no
// infinities, NaN at ±0x7f. The largest number is 448.

export type F8Said = { readonly exponent: number };

/** The exponent under which the least number of the format, 2^−9, is the least of f32. */
export const leastExponent = -140;
const mostExponent = 120;

/** The value of an E4M3 code; NaN for ±0x7f. */
export function e4m3ToNumber(code: number): number {
  const magnitude = code & 0x7f;
  const [exponent, fraction] = [magnitude >> 3, magnitude & 7];
  if (magnitude === 0x7f) return Number.NaN;
  const value = exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10);
  return code & 0x80 ? -value : value;
}

/**
 * Floating point of 8 bits, E4M3, times a power of two for the tensor: the least one under which no value lies beyond 464,
 * so that nothing is cut off and the largest value uses the top of the range. 4 significant bits over 17 octaves: wider
 * than codes of 8 bits, coarser near the largest value. Infinities, NaN, and values that round beyond f32 are refused.
 */
export const f8: TensorDecoder<F8Said> & { readonly id: 'f8' } = {
  id: 'f8',
  lossless: false,
  bits: 8,
  said: {
    exponent: check(
      `a whole number from ${leastExponent} to ${mostExponent}`,
      (n) => Number.isInteger(n) && (n as number) >= leastExponent && (n as number) <= mostExponent,
    ),
  },
  shapeOf: ({ stored: { dtype, shape } }, refuse) => (dtype === 'U8' ? shape : refuse('bytes, U8', dtype)),
  decode({ stored, said: { exponent } }, _shape, refuse) {
    const values = Float32Array.from({ length: 256 }, (_, code) => e4m3ToNumber(code) * 2 ** exponent);
    return Float32Array.from(stored.data, (code) => {
      const value = values[code] as number;
      return Number.isFinite(value) ? value : refuse('finite values', `the code ${code}`);
    });
  },
};
