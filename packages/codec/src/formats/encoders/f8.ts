import { type F8Said, leastExponent } from '../f8.ts';
import { roundToOddFloat32 } from '../floats/round-to-odd.ts';
import { largestMagnitude } from '../range.ts';
import type { TensorEncoder } from '../tensor-codec.ts';

// What rounds to the largest number, 448, ends half a step above it.
const lastRounded = 464;
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

export const f8: TensorEncoder<F8Said> = {
  errorBound: (x, { exponent }) => Math.abs(x) * 2 ** -4 + 2 ** (exponent - 10),
  encode(data, shape) {
    const exponent = exponentFor(largestMagnitude('f8', data, mostRounded));
    const scale = 2 ** -exponent;
    const codes = Uint8Array.from(data, (x) => numberToE4M3(x * scale));
    return { stored: { dtype: 'U8', shape, data: codes }, said: { exponent } };
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
