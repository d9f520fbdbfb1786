import type { Node } from '@funhash/formula';

/**
 * How exact words of 32 bits are written where a kernel has only floats between its operations, or unsigned integers
 * within a native function.
 */
export interface WordNotation {
  /** Lines that compute the word of `node`; its arguments were written before. */
  write(node: Node): string[];
  /** Expressions of floats. */
  asNumber(id: number): string;
  /** 1 or −1 by bit 0. */
  asSign(id: number): string;
  /** 1 unless the word is 0. */
  asTruth(id: number): string;
}

/** The names of the halves of a uniform word: low and high 16 bits, as floats. */
export const uniformNames = (slot: number): readonly [low: string, high: string] => [
  `u${slot}l`,
  `u${slot}h`,
];

export const uniformHalves = (word: number): readonly [low: number, high: number] => [
  word & 0xffff,
  word >>> 16,
];
