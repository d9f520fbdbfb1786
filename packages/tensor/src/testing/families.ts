import { gatherFamily, scatterAddFamily } from './index-families.ts';
import type { Families } from './kernel-family.ts';

/** Kernels whose laws, definition and planted faults stand in one file. */
export const families = { gather: gatherFamily, scatterAdd: scatterAddFamily } as const satisfies Families;
