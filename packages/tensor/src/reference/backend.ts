import type { Backend } from '../backend.ts';
import { allocateArray, type TypedArray } from '../dtype.ts';
import { referenceKernels } from './kernels.ts';
import type { HostBuffer } from './views.ts';

/** Plain TypeScript over typed arrays, f32 and f64: the specification of every kernel. */
export const referenceBackend: Backend = {
  name: 'reference',
  kernels: referenceKernels,
  allocate: (dtype, length): HostBuffer => ({ dtype, length, data: allocateArray(dtype, length) }),
  free: () => {},
  upload: (buffer, values) => (buffer as HostBuffer).data.set(values),
  download: async (buffer) => (buffer as HostBuffer).data.slice() as TypedArray,
  host: (buffer) => (buffer as HostBuffer).data,
};
