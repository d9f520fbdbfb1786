import { asWordHash, type HashFormula, type WordHash, type WordOps } from './words.ts';

/** The 32-bit finaliser of MurmurHash3 (Appleby, fmix32): a bijection of words in which every bit reaches every bit. */
export function murmur3Mix<W>(ops: WordOps<W>, h: W): W {
  h = ops.mul(ops.xor(h, ops.shr(h, 16)), ops.constant(0x85ebca6b));
  h = ops.mul(ops.xor(h, ops.shr(h, 13)), ops.constant(0xc2b2ae35));
  return ops.xor(h, ops.shr(h, 16));
}

// 2^32 / golden ratio, the increment of Weyl sequences (Knuth, TAOCP 6.4).
const GOLDEN = 0x9e3779b9;

/**
 * A hash of two words from the MurmurHash3 finaliser `mix`:
 *
 *     mix(mix(mix(seed + G) + row·G) + col·G),   G = 0x9e3779b9
 *
 * Each stage is a bijection of the word that enters, and each word passes through a whole `mix` before the next
 * enters, so neighbouring rows, columns and seeds are unrelated. Only the last `mix` depends on row and column both:
 * two multiplications an entry, where xxHash32 has three.
 */
export const murmur3Formula: HashFormula = (ops, row, col, seed) => {
  const golden = ops.constant(GOLDEN);
  const seeded = murmur3Mix(ops, ops.add(seed, golden));
  const rowMixed = murmur3Mix(ops, ops.add(seeded, ops.mul(row, golden)));
  return murmur3Mix(ops, ops.add(rowMixed, ops.mul(col, golden)));
};

/** `murmur3Formula` over numbers. */
export const murmur3Words: WordHash = asWordHash(murmur3Formula);
