import { newBinContexts } from '../engine/tables.ts';

// Contexts of levels, in the order of the standard: significance by state and neighbour, sign by neighbour, "greater" flags
// two by two by sign, bins of the remainder's prefix, and one for the flags that choose parameter sets. The neighbour is the
// coded level just before, as 0 (zero), 1 (negative) or 2 (positive).

export const signBase = 24;
export const greaterBase = 27;
/** Most bins of a prefix that a level up to 2³¹ − 1 needs, and the places that the standard keeps for them. */
export const mostPrefix = 30;
const prefixCount = 32;

/** The first context of the prefix, behind those of so many "greater" flags. */
export const prefixBase = (greaterFlags: number): number => greaterBase + 2 * greaterFlags;

/** The context of the flags that choose parameter sets; the number of the others. */
export const flagContext = (greaterFlags: number): number => prefixBase(greaterFlags) + prefixCount;

/** Contexts that a tensor may choose a parameter set for: those of states above 0 only where there are such states. */
export const hasSet = (context: number, dependent: boolean): boolean =>
  dependent || context < 3 || context >= signBase;

/** Contexts of a tensor, all at set 0. */
export function newContexts(greaterFlags: number): Int32Array {
  return newBinContexts(flagContext(greaterFlags) + 1);
}
