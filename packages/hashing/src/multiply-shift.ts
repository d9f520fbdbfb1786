import { murmur3Mix } from './murmur3.ts';
import { asWordHash, type HashFormula, type WordHash } from './words.ts';

/**
 * A cheap hash of two words by multiplication, xor and shift:
 *
 *     a = mix(seed + 0x9e3779b9) | 1        b = mix(seed + 0x3c6ef372) | 1        (murmur3 finaliser)
 *     x = (a·row) ⊕ (b·col)                 y = (x ⊕ x>>>15) · 0x85ebca6b         h = y ⊕ y>>>15
 *
 * The first shift keeps rows from being offset copies of each other in all but a few pairs; the second carries
 * well mixed bits of the product down to bit 0, the sign, and leaves the high bits, the bucket, as they are. A backend
 * that computes a·row once a row and b·col once a column pays one multiplication, two shifts and three xors an entry,
 * of which the second shift and its xor are the price of a usable sign (xxHash32 pays three multiplications, four
 * shifts). Buckets and signs are uniform, balanced and independent of each other and across seeds, but it claims
 * neither the law `avalanche` nor, over large power-of-two strides and some pairs of rows, `collisions`,
 * `neighbours` and `rows` (see `hashLaws`).
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
