import type { OnReference } from '@funhash/tensor';
import type { Exports } from './assembler/module-builder.ts';
import type { Gemm } from './gemm/gemm.ts';
import type { Instructions } from './gemm/micro-kernel.ts';
import type { Reduction } from './kernels/reduce-code.ts';
import type { LinearMemory } from './memory/linear-memory.ts';
import type { Linked } from './threads/thread.ts';
import type { Threads } from './threads/threads.ts';

/** The functions that no formula changes. */
export type SharedCode =
  | 'copy'
  | 'clear'
  | 'gatherRows'
  | 'addRows'
  | 'outside'
  | 'logSumExp'
  | Reduction
  | `${Reduction}Rows`;

/** What the kernels of one backend share. */
export interface Context {
  readonly memory: LinearMemory;
  readonly instructions: Instructions;
  readonly threads: Threads;
  readonly gemm: Gemm;
  /** The shared functions on the calling thread. */
  readonly code: Exports<SharedCode>;
  readonly linked: Linked<SharedCode>;
  /** Runs a form of a kernel that is not accelerated on the reference: counted, and refused in strict mode. */
  readonly onReference: OnReference;
}
