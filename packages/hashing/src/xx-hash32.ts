import { requireView } from './require-view.ts';
import { asWordHash, type HashFormula, type WordHash } from './words.ts';

// The five primes of the xxHash specification (Collet, "xxHash fast digest algorithm", XXH32).
const P1 = 2654435761;
const P2 = 2246822519;
const P3 = 3266489917;
const P4 = 668265263;
const P5 = 374761393;

const STRIPE = 16;

/**
 * xxHash32 of a byte string (Collet, xxHash specification, XXH32).
 *
 * @param bytes the message, any length
 * @param seed taken modulo 2^32, default 0
 * @returns an unsigned 32-bit number
 * @throws ArgumentError for what is no bytes
 */
export function xxHash32(bytes: Uint8Array, seed = 0): number {
  requireView('xxHash32', bytes, seed);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength;
  let offset = 0;
  let h: number;
  if (length >= STRIPE) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    for (; offset + STRIPE <= length; offset += STRIPE) {
      a = stripeRound(a, view.getInt32(offset, true));
      b = stripeRound(b, view.getInt32(offset + 4, true));
      c = stripeRound(c, view.getInt32(offset + 8, true));
      d = stripeRound(d, view.getInt32(offset + 12, true));
    }
    h = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0;
  } else {
    h = (seed + P5) | 0;
  }
  h = (h + length) | 0;
  for (; offset + 4 <= length; offset += 4) {
    h = Math.imul(rotl(h + Math.imul(view.getInt32(offset, true), P3), 17), P4);
  }
  for (; offset < length; offset += 1) {
    h = Math.imul(rotl(h + Math.imul(view.getUint8(offset), P5), 11), P1);
  }
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}

function stripeRound(lane: number, word: number): number {
  return Math.imul(rotl(lane + Math.imul(word, P2), 13), P1);
}

function rotl(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * xxHash32 of the eight bytes that hold `row` and `col`, little-endian, as a formula: the default hash of every
 * scheme. What depends on the row alone is complete before the column enters, so a backend computes it once a row.
 */
export const xxHash32Formula: HashFormula = (ops, row, col, seed) => {
  const prime3 = ops.constant(P3);
  const prime4 = ops.constant(P4);
  let h = ops.add(seed, ops.constant(P5 + 8));
  h = ops.mul(ops.rotl(ops.add(h, ops.mul(row, prime3)), 17), prime4);
  h = ops.mul(ops.rotl(ops.add(h, ops.mul(col, prime3)), 17), prime4);
  h = ops.mul(ops.xor(h, ops.shr(h, 15)), ops.constant(P2));
  h = ops.mul(ops.xor(h, ops.shr(h, 13)), prime3);
  return ops.xor(h, ops.shr(h, 16));
};

/** `xxHash32Formula` over numbers: equals `xxHash32` of the words `row`, `col` as eight little-endian bytes. */
export const xxHash32Words: WordHash = asWordHash(xxHash32Formula);
