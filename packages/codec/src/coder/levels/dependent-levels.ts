import { nextState } from '../engine/tables.ts';

// Dependent quantisation has two quantisers: in even states of the trellis levels are even, in odd ones odd or 0. Half of a
// level, away from 0, is what is coded.

/**
 * Coded levels of dependent quantisation.
 *
 * @returns the index of a level that its state does not admit, or −1
 */
export function halve(levels: Int32Array, coded: Int32Array): number {
  let state = 0;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as number;
    const odd = state & 1;
    if (level !== 0 && (level & 1) !== odd) return i;
    // One away from 0 in odd states, as (level + 1) / 2 would not fit at the ends of 32 bits.
    const half = (level - (level % 2)) / 2 + (odd & level ? Math.sign(level) : 0);
    coded[i] = half;
    state = nextState[(state << 1) | (half & 1)] as number;
  }
  return -1;
}
