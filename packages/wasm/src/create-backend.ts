import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { backendOn, requireSimd, singleThreaded, type WasmBackend } from './backend.ts';
import { LinearMemory } from './memory/linear-memory.ts';
import { enableRelaxedSimd } from './relaxed-simd.ts';
import { canShareMemory } from './threads/start-worker.ts';
import { Threads } from './threads/threads.ts';
import { workers } from './threads/workers.ts';

const rules = {
  /** Threads among which large kernels are split, 1 to 64. Default 1; 1 where pages may not share memory. */
  threads: option.integer({ least: 1, most: 64 }),
};

export type WasmOptions = OptionsOf<typeof rules>;

declare module '@funhash/tensor' {
  interface BackendTypes {
    readonly wasm: { readonly backend: WasmBackend; readonly options: WasmOptions };
  }
}

/**
 * Starts a backend with a memory of its own.
 *
 * @throws ArgumentError for options that it does not take
 * @throws BackendError where the engine has no WebAssembly SIMD, or refuses the memory
 */
export function createBackend(options: WasmOptions = {}): WasmBackend {
  checkOptions('useBackend wasm', rules, options);
  requireSimd();
  const { threads = 1 } = options;
  if (threads === 1 || !canShareMemory()) return singleThreaded();
  // Before a worker starts: only those that start later have the flag.
  const instructions = { madd: enableRelaxedSimd() };
  return backendOn(new Threads(new LinearMemory(true), workers(threads - 1)), instructions);
}
