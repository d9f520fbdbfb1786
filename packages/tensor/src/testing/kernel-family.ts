import type { Kernels } from '../backend.ts';
import type { KernelName } from '../run-kernel.ts';
import type { Bench } from './trial.ts';

/** A law of one kernel, given what to run it on. */
export interface KernelLaw {
  readonly kernel: KernelName;
  readonly name: string;
  check(bench: Bench): Promise<void>;
}

/** All that tests know of one kernel, in one file. */
export interface KernelFamily<K extends KernelName> {
  /** Element by element from the definition: what the reference is compared with. */
  readonly naive: Kernels[K];
  readonly laws: readonly KernelLaw[];
  /** Faulty kernels, by what is wrong with them: a law must fail on each. */
  readonly plants: Readonly<Record<string, Kernels[K]>>;
}

export type Families = { readonly [K in KernelName]?: KernelFamily<K> };
