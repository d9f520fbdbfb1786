import { check } from '../container/faults.ts';
import { roundToOddFloat32 } from './floats/round-to-odd.ts';
import { largestMagnitude } from './range.ts';
import type { TensorCodec } from './tensor-codec.ts';

// E4M3 of OCP FP8 (Micikevicius et al. 2022, arXiv:2209.05433): 1 sign bit, 4 exponent bits (bias 7), 3 fraction bits, no
// infinities, NaN at ±0x7f. The largest number is 448; what rounds to it ends at 464, half a step above.

const lastRounded = 464;
/** The exponent under which the least number of the format, 2^−9, is the least of f32. */
const leastExponent = -140;
const mostExponent = 120;
/** The f64 below 1.9375 · 2^127, from where on rounding to 4 significant bits ends at 2^128. */
const mostRounded = (1.9375 - 2 ** -52) * 2 ** 127;

/** The E4M3 code nearest to a number up to ±464, ties to even. */
export function numberToE4M3(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x80 : 0;
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** -6) {
    const steps = magnitude * 2 ** 9;
    const below = Math.floor(steps);
    const isUp = steps - below > 0.5 || (steps - below === 0.5 && (below & 1) === 1);
    return sign | (isUp ? below + 1 : below);
  }
  const rebiased = roundToOddFloat32(magnitude) - (120 << 23);
  return sign | ((rebiased + 0x7ffff + ((rebiased >>> 20) & 1)) >>> 20);
}

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
export const f8: TensorCodec<{ readonly exponent: number }> & { readonly id: 'f8' } = {
  id: 'f8',
  lossless: false,
  bits: 8,
  said: {
    exponent: check(
      `a whole number from ${leastExponent} to ${mostExponent}`,
      (n) => Number.isInteger(n) && (n as number) >= leastExponent && (n as number) <= mostExponent,
    ),
  },
  errorBound: (x, { exponent }) => Math.abs(x) * 2 ** -4 + 2 ** (exponent - 10),
  encode(data, shape) {
    const exponent = exponentFor(largestMagnitude('f8', data, mostRounded));
    const scale = 2 ** -exponent;
    const codes = Uint8Array.from(data, (x) => numberToE4M3(x * scale));
    return { stored: { dtype: 'U8', shape, data: codes }, said: { exponent } };
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

/** The least exponent under which a magnitude is at most 464. The values read back give the same one again. */
function exponentFor(largest: number): number {
  // Half the least number: all values become 0.
  if (largest <= 2 ** (leastExponent - 10)) return 0;
  let exponent = Math.max(leastExponent, Math.ceil(Math.log2(largest / lastRounded)));
  // The logarithm may be off by the last bit.
  while (largest * 2 ** -exponent > lastRounded) exponent++;
  while (exponent > leastExponent && largest * 2 ** (1 - exponent) <= lastRounded) exponent--;
  return exponent;
}
