import { ArgumentError } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import type { Backend, Kernels } from '../backend.ts';
import type { FloatDType } from '../dtype.ts';
import { referenceKernels } from '../reference/kernels.ts';
import type { KernelName } from '../run-kernel.ts';
import { axesLaws } from './axes-laws.ts';
import { families } from './families.ts';
import { kernelLaws } from './kernel-laws.ts';
import { memoryLaws } from './memory-laws.ts';
import { signLaws } from './sign-laws.ts';
import { virtualLaws } from './virtual-laws.ts';

export interface BackendLawOptions {
  /** Kernels that the backend leaves to the reference. Default none. */
  readonly except?: readonly KernelName[];
  /** Floating-point dtypes that the kernels take. Default f32 and f64. */
  readonly floats?: readonly FloatDType[];
}

/**
 * The contract of a backend: every kernel against the reference backend, over odd sizes, empty shapes, strided,
 * transposed, broadcast and offset operands; and the laws of its memory. Everything is seeded.
 *
 * Sums of f32 may differ by 1e-5 of the largest value (f64: 1e-10), words, indices, signs and copies not at all. An
 * infinity or NaN of the reference must be one here; only the sign of zero is free where something is computed. Out
 * buffers start with NaN, and what lies beside a view must stay as it is.
 *
 * @param makeBackend called once for each law
 * @throws ArgumentError where `except` names no kernel
 */
export function backendLaws(makeBackend: () => Promise<Backend>, options: BackendLawOptions = {}): Law[] {
  return lawsAgainst(referenceKernels, makeBackend, options);
}

const familyLaws = Object.values(families).flatMap(({ laws }) => laws);

/** The same laws with another definition of what is right. */
export function lawsAgainst(
  oracle: Kernels,
  makeBackend: () => Promise<Backend>,
  { except = [], floats = ['f32', 'f64'] }: BackendLawOptions = {},
): Law[] {
  const unknown = except.find((name) => !Object.hasOwn(referenceKernels, name));
  if (unknown !== undefined)
    throw new ArgumentError({
      operation: 'backendLaws',
      expected: `except to name kernels among ${Object.keys(referenceKernels).join(', ')}`,
      actual: unknown,
    });
  const ofKernels = [...kernelLaws, ...familyLaws, ...virtualLaws, ...axesLaws, ...signLaws]
    .filter(({ kernel }) => !except.includes(kernel))
    .map(({ name, kernel, check }) => ({
      name,
      check: async () => {
        const backend = await makeBackend();
        if (!backend.kernels[kernel]) throw new LawError(missing(backend, kernel));
        await check({ backend, oracle, floats });
      },
    }));
  const ofMemory = memoryLaws.map(({ name, check }) => ({
    name,
    check: async () => check(await makeBackend()),
  }));
  return [...ofMemory, ...ofKernels];
}

const missing = ({ name }: Backend, kernel: KernelName) => ({
  operation: kernel,
  expected: `a kernel of backend ${name}`,
  actual: 'none',
  remedy: 'Where the backend leaves it to the reference, say so by `except`.',
});
