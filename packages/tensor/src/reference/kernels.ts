import type { Kernels } from '../backend.ts';
import { forwardKernels } from './forward-kernels.ts';
import { foldRows, virtualFold } from './virtual.ts';

/** Plain loops: what every other backend is compared with. */
export const referenceKernels: Kernels = { ...forwardKernels, virtualFold, foldRows };
