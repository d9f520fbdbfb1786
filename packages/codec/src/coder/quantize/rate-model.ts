import { costOffset, costs } from '../engine/costs.ts';
import { moves } from '../engine/tables.ts';
import { greaterBase, prefixBase, signBase } from '../levels/contexts.ts';

// An estimate of bits while levels are being chosen: the coder's contexts at parameter set 0, each in one word with its fast
// integer in the upper half and its slow one in the lower. Many models lie side by side in one array, from a base on.

const fastShift = 5;
const slowShift = 4;
const [zero, one] = costs;

/** What a bin costs, in units of 2⁻¹⁵ bit. */
const costAt = (table: Int32Array, word: number): number =>
  table[costOffset + ((((word >> 16) << 4) + ((word << 16) >> 16)) >> 3)] as number;

function adapt(models: Int32Array, at: number, bin: number): void {
  const word = models[at] as number;
  const fast = word >> 16;
  const slow = (word << 16) >> 16;
  models[at] =
    bin === 1
      ? ((fast + ((moves[16 + (fast >> 3)] as number) >> fastShift)) << 16) |
        ((slow + ((moves[16 + (slow >> 7)] as number) >> slowShift)) & 0xffff)
      : ((fast - ((moves[16 + (-fast >> 3)] as number) >> fastShift)) << 16) |
        ((slow - ((moves[16 + (-slow >> 7)] as number) >> slowShift)) & 0xffff);
}

/** Words of a model with so many "greater" flags; its first one always has its context. */
export const modelWords = (greaterFlags: number): number => prefixBase(Math.max(1, greaterFlags)) + 32;

/** What a level of 0 costs. */
export function zeroCost(models: Int32Array, base: number, state: number, neighbor: number): number {
  return costAt(zero, models[base + 3 * state + neighbor] as number);
}

/** What another level costs before its magnitude: that it is not 0, and its sign. */
export function signCost(
  models: Int32Array,
  base: number,
  state: number,
  neighbor: number,
  negative: number,
): number {
  const sign = models[base + signBase + neighbor] as number;
  return (
    costAt(one, models[base + 3 * state + neighbor] as number) + costAt(negative === 1 ? one : zero, sign)
  );
}

/** What a magnitude from 1 on costs. */
export function magnitudeCost(
  models: Int32Array,
  base: number,
  magnitude: number,
  negative: number,
  greaterFlags: number,
): number {
  let cost = 0;
  let rest = magnitude - 1;
  let at = base + greaterBase + negative;
  // The reference codes the first flag even where there are none.
  const flags = greaterFlags > 0 ? greaterFlags : 1;
  const end = at + 2 * flags;
  for (; at < end && rest > 0; at += 2, rest--) cost += costAt(one, models[at] as number);
  if (at < end) return cost + costAt(zero, models[at] as number);
  const prefix = base + prefixBase(greaterFlags);
  const k = 31 - Math.clz32(rest + 1);
  for (let i = 0; i < k; i++) cost += costAt(one, models[prefix + i] as number);
  return cost + costAt(zero, models[prefix + k] as number) + 32768 * k;
}

/**
 * Adapts a model by a level.
 *
 * @returns the word behind the last one that changed, counted from the base
 */
export function adaptModel(
  models: Int32Array,
  base: number,
  level: number,
  state: number,
  neighbor: number,
  greaterFlags: number,
): number {
  const significance = base + 3 * state + neighbor;
  if (level === 0) {
    adapt(models, significance, 0);
    return greaterBase;
  }
  const negative = level < 0 ? 1 : 0;
  adapt(models, significance, 1);
  adapt(models, base + signBase + neighbor, negative);
  let rest = Math.abs(level) - 1;
  let at = base + greaterBase + negative;
  const flags = greaterFlags > 0 ? greaterFlags : 1;
  const end = at + 2 * flags;
  for (; at < end && rest > 0; at += 2, rest--) adapt(models, at, 1);
  if (at < end) {
    adapt(models, at, 0);
    return at + 1 - base;
  }
  const prefix = base + prefixBase(greaterFlags);
  const k = 31 - Math.clz32(rest + 1);
  for (let i = 0; i < k; i++) adapt(models, prefix + i, 1);
  adapt(models, prefix + k, 0);
  return Math.max(prefix + k + 1 - base, greaterBase + 2 * flags);
}
