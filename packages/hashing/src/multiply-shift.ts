import { murmur3Mix } from './murmur3.ts';
import { asWordHash, type HashFormula, type WordHash } from './words.ts';

/**
 * A cheap hash of two words by multiplication, xor and shift:
 *
 *     a = mix(seed + 0x9e3779b9) | 1        b = mix(seed + 0x3c6ef372) | 1        (murmur3 finaliser)
 *     x = (a·row) ⊕ (b·col)                 y = (x ⊕ x>>>15) · 0x85ebca6b         h = y ⊕ y>>>15
 *
 * The first shift keeps rows from being offset copies of each other. The second carries well mixed bits of the
 * product down to bit 0, the sign, and leaves the top 15 bits, the bucket, as they are; without it signs of neighbours
 * and even the balance of signs fail. Per entry a backend pays one multiplication, two shifts and three xors, of which
 * one shift and one xor are the price of a usable sign (xxHash32: three multiplications, a rotation, three shifts).
 *
 * Of the laws in `hashLaws` it claims `words`, `uniformity`, `signs`, `bucketAndSign` and `seeds`. It does not claim
 * `avalanche`; `collisions` and `neighbours`, which fail on keys 65536 apart and seldom elsewhere; and `rows`: in about
 * 2 of 100 pairs of rows the distance between their buckets is not uniform.
 */
export const multiplyShiftFormula: HashFormula = (ops, row, col, seed) => {
  const one = ops.constant(1);
  const a = ops.or(murmur3Mix(ops, ops.add(seed, ops.constant(0x9e3779b9))), one);
  const b = ops.or(murmur3Mix(ops, ops.add(seed, ops.constant(0x3c6ef372))), one);
  const x = ops.xor(ops.mul(a, row), ops.mul(b, col));
  const y = ops.mul(ops.xor(x, ops.shr(x, 15)), ops.constant(0x85ebca6b));
  return ops.xor(y, ops.shr(y, 15));
};

/** `multiplyShiftFormula` over numbers. */
export const multiplyShiftWords: WordHash = asWordHash(multiplyShiftFormula);
