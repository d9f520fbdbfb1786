import { nextState } from '../engine/tables.ts';
import { flagContext, greaterBase, prefixBase, signBase } from './contexts.ts';

/** Places that one level needs at most besides its "greater" flags: significance, sign, prefix, and the bits behind it. */
const mostEntries = 36;

/** The place of a pass over levels. */
export interface Cursor {
  /** The next level. */
  at: number;
  /** The level before it: 0 zero, 1 negative, 2 positive. */
  neighbor: number;
  /** The state of the trellis, 0 without dependent quantisation. */
  state: number;
}

export const newCursor = (): Cursor => ({ at: 0, neighbor: 0, state: 0 });

/** A buffer for `binarize` of so many levels, or of parts of them: whole levels go in, and all flags of sets. */
export const newEntries = (greaterFlags: number, levels = 1024): Int32Array =>
  new Int32Array(Math.min(8192, 8 * levels) + 3 * flagContext(greaterFlags));

/**
 * Levels as entries for the encoder: `2 · context + bin`, or −n and the value of n bits at probability ½.
 *
 * Significance; sign; up to `greaterFlags` flags whether the magnitude is larger still; what remains by Exp-Golomb of order 0
 * with a prefix of bins.
 *
 * @param until the end of the levels of this call
 * @param parities levels whose parities lead through the trellis; undefined: no dependent quantisation
 * @returns the places used; the cursor stands behind the last level that found place
 */
export function binarize(
  levels: Int32Array,
  until: number,
  greaterFlags: number,
  parities: Int32Array | undefined,
  cursor: Cursor,
  entries: Int32Array,
): number {
  const full = entries.length - mostEntries - greaterFlags;
  const prefix = prefixBase(greaterFlags);
  let { at, neighbor, state } = cursor;
  let count = 0;
  for (; at < until && count <= full; at++) {
    const level = levels[at] as number;
    const significance = (3 * state + neighbor) << 1;
    if (parities !== undefined) state = nextState[(state << 1) | ((parities[at] as number) & 1)] as number;
    if (level === 0) {
      entries[count++] = significance;
      neighbor = 0;
      continue;
    }
    const negative = level >>> 31;
    entries[count++] = significance | 1;
    entries[count++] = ((signBase + neighbor) << 1) | negative;
    neighbor = 2 - negative;
    let rest = (negative === 1 ? -level : level) - 1;
    let context = greaterBase + negative;
    const last = prefix + negative;
    for (; context < last && rest > 0; context += 2, rest--) entries[count++] = (context << 1) | 1;
    if (context < last) {
      entries[count++] = context << 1;
      continue;
    }
    // 2^k − 1 ≤ rest < 2^(k+1) − 1
    const k = 31 - Math.clz32(rest + 1);
    for (let i = 0; i < k; i++) entries[count++] = ((prefix + i) << 1) | 1;
    entries[count++] = (prefix + k) << 1;
    if (k === 0) continue;
    entries[count++] = -k;
    entries[count++] = rest + 1 - 2 ** k;
  }
  cursor.at = at;
  cursor.neighbor = neighbor;
  cursor.state = state;
  return count;
}
