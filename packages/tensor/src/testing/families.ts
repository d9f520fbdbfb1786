import { gatherFamily, scatterAddFamily } from './index-families.ts';
import type { Families } from './kernel-family.ts';
import { scanFamily } from './scan-family.ts';

/** Kernels whose laws, definition and planted faults stand in one file. */
export const families = {
  gather: gatherFamily,
  scatterAdd: scatterAddFamily,
  scan: scanFamily,
} as const satisfies Families;
