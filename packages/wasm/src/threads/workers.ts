import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Functions } from './threads.ts';
import { WorkerThread } from './worker-thread.ts';

/** So many workers, for `Threads`. Apart from it, so that programs of one thread do not carry them. */
export function workers(count: number) {
  return (memory: LinearMemory, functions: Functions): readonly WorkerThread[] =>
    Array.from({ length: count }, (_, index) => new WorkerThread(memory, index, functions));
}
