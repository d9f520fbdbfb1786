import fc from 'fast-check';
import type { KernelName } from '../run-kernel.ts';
import type { KernelLaw } from './kernel-family.ts';
import type { Bench } from './trial.ts';

const pinned = { seed: 31, numRuns: 80, includeErrorInReport: true };

/** A law over drawn cases. */
export const law = <T>(
  kernel: KernelName,
  name: string,
  cases: fc.Arbitrary<T>,
  check: (bench: Bench, drawn: T) => Promise<void> | void,
): KernelLaw => ({
  kernel,
  name: `${kernel}: ${name}`,
  check: (bench) =>
    fc.assert(
      fc.asyncProperty(cases, async (drawn) => check(bench, drawn)),
      pinned,
    ),
});

/** One of the floating-point dtypes that the backend takes. */
export const float = (bench: Bench, choice: number) =>
  bench.floats[choice % bench.floats.length] as 'f32' | 'f64';
