import type { Node } from '@funhash/formula';

/** How the exact words of 32 bits of one program are written. */
export interface WordNotation {
  /** Lines that compute the word of `node`; its arguments were written before. */
  write(node: Node): string[];
  /** The expression of a word as an index of arrays. */
  asIndex(id: number): string;
  /** The expression of a word as a real, 0 … 2^32 − 1. */
  asNumber(id: number): string;
  /** The expression of a real: 1 or −1 by bit 0. */
  asSign(id: number): string;
  /** The expression of a real: 1 unless the word is 0. */
  asTruth(id: number): string;
}

/** The names of the halves of a uniform word: low and high 16 bits, as reals. */
export const uniformNames = (slot: number): readonly [low: string, high: string] => [
  `u${slot}l`,
  `u${slot}h`,
];

/** The halves of a uniform word: low and high 16 bits. */
export const uniformHalves = (word: number): readonly [low: number, high: number] => [
  word & 0xffff,
  word >>> 16,
];
