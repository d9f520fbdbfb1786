import { multiplyShiftFormula } from './multiply-shift.ts';
import { murmur3Formula } from './murmur3.ts';
import type { HashFormula } from './words.ts';
import { xxHash32Formula } from './xx-hash32.ts';

/** Every hash family that a scheme can name. */
export const hashFamilies = {
  xxHash32: xxHash32Formula,
  murmur3: murmur3Formula,
  multiplyShift: multiplyShiftFormula,
} as const satisfies Record<string, HashFormula>;

/** The name of a hash family, as options and model files write it. */
export type HashFamily = keyof typeof hashFamilies;
