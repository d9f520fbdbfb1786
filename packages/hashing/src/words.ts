/**
 * The algebra in which every hash of this project is written, once. A hash is a function over `WordOps<W>`; with
 * `numberWords` it hashes numbers, with the symbolic words of `@funhash/formula` it becomes an expression graph
 * from which all backends derive their code. There is no second formula of any hash.
 *
 * Every operation is exact arithmetic on unsigned 32-bit words, modulo 2^32.
 */
export interface WordOps<W> {
  constant(value: number): W;
  add(a: W, b: W): W;
  mul(a: W, b: W): W;
  xor(a: W, b: W): W;
  and(a: W, b: W): W;
  or(a: W, b: W): W;
  /** Logical shifts and rotation by a constant 0–31. */
  shl(a: W, bits: number): W;
  shr(a: W, bits: number): W;
  rotl(a: W, bits: number): W;
}

/** A hash of the two-word key (row, col) under a seed, as one formula for all backends. */
export type HashFormula = <W>(ops: WordOps<W>, row: W, col: W, seed: W) => W;

/** A hash as users call it: three unsigned 32-bit numbers in, one out. */
export type WordHash = (row: number, col: number, seed: number) => number;

/** `WordOps` over JavaScript numbers in 0 … 2^32 − 1. */
export const numberWords: WordOps<number> = {
  constant: (value) => value >>> 0,
  add: (a, b) => (a + b) >>> 0,
  mul: (a, b) => Math.imul(a, b) >>> 0,
  xor: (a, b) => (a ^ b) >>> 0,
  and: (a, b) => (a & b) >>> 0,
  or: (a, b) => (a | b) >>> 0,
  shl: (a, bits) => (a << bits) >>> 0,
  shr: (a, bits) => a >>> bits,
  rotl: (a, bits) => ((a << bits) | (a >>> ((32 - bits) & 31))) >>> 0,
};

/** The number form of a hash formula. */
export function asWordHash(formula: HashFormula): WordHash {
  return (row, col, seed) => formula(numberWords, row >>> 0, col >>> 0, seed >>> 0);
}
