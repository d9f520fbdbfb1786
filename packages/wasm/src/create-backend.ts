import { ArgumentError } from '@funhash/hashing';
import type { BackendOptions } from '@funhash/tensor';
import { backendOn, requireSimd, singleThreaded, type WasmBackend } from './backend.ts';
import { LinearMemory } from './memory/linear-memory.ts';
import { enableRelaxedSimd } from './relaxed-simd.ts';
import { canShareMemory } from './threads/start-worker.ts';
import { Threads } from './threads/threads.ts';
import { workers } from './threads/workers.ts';

const mostThreads = 64;

/**
 * Starts a backend with a memory of its own.
 *
 * @throws BackendError where the engine has no WebAssembly SIMD, or refuses the memory
 */
export function createBackend(options: BackendOptions = {}): WasmBackend {
  requireSimd();
  const count = threadsOf(options);
  if (count === 1) return singleThreaded();
  // Before a worker starts: only those that start later have the flag.
  const instructions = { madd: enableRelaxedSimd() };
  return backendOn(new Threads(new LinearMemory(true), workers(count - 1)), instructions);
}

function threadsOf({ threads = 1 }: BackendOptions): number {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new ArgumentError({
      operation: 'useBackend wasm',
      expected: `a whole number of threads from 1 to ${mostThreads}`,
      actual: String(threads),
    });
  return canShareMemory() ? threads : 1;
}
