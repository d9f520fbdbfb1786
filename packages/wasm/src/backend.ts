import { type Backend, BackendError, type Kernels, type OnReference, withFallback } from '@funhash/tensor';
import { ModuleBuilder } from './assembler/module-builder.ts';
import { bindCalls } from './bound/bind.ts';
import type { Context, SharedCode } from './context.ts';
import { Gemm } from './gemm/gemm.ts';
import type { Instructions } from './gemm/micro-kernel.ts';
import { copyKernel } from './kernels/copy.ts';
import { clearCode, copyCode } from './kernels/copy-code.ts';
import { fillKernel } from './kernels/fill.ts';
import { mapKernel } from './kernels/map.ts';
import { matmulKernel } from './kernels/matmul.ts';
import { Panels } from './kernels/panels.ts';
import { reduceKernel } from './kernels/reduce.ts';
import { reduceCode } from './kernels/reduce-code.ts';
import { argMaxKernel, gatherKernel, logSumExpKernel, scatterAddKernel } from './kernels/rows.ts';
import { addRowsCode, gatherRows, logSumExpCode, outsideCode } from './kernels/rows-code.ts';
import { signKernels } from './kernels/signs.ts';
import {
  foldRowsKernel,
  virtualFoldKernel,
  virtualMatmulKernel,
  virtualRowsKernel,
} from './kernels/virtual.ts';
import type { WasmBuffer } from './layout.ts';
import { bufferBytes, LinearMemory, type MemoryUsage } from './memory/linear-memory.ts';
import { enableRelaxedSimd, hasSimd } from './relaxed-simd.ts';
import { inNode } from './threads/start-worker.ts';
import { Threads, type WorkerUsage } from './threads/threads.ts';

/** The WebAssembly backend: everything in one linear memory, code emitted for the instructions of this engine. */
export interface WasmBackend extends Backend {
  readonly name: 'wasm';
  /** True where products run as fused multiply-adds (relaxed SIMD). */
  readonly fusedMultiplyAdd: boolean;
  /**
   * Threads among which large kernels are split: as asked for, or 1 where pages may not share memory. Workers that a page
   * refused (its content security policy lacks `worker-src blob:`) do not count, as soon as that is known: after `useBackend`.
   */
  readonly threads: number;
  memoryUsage(): MemoryUsage;
  workerUsage(): WorkerUsage;
  /** Stops the worker threads. What runs later runs on the calling thread alone, with the same results. */
  close(): void;
}

const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * A backend of one thread with a memory of its own.
 *
 * @throws BackendError where the engine has no WebAssembly SIMD, or refuses the memory
 */
export function singleThreaded(): WasmBackend {
  requireSimd();
  return backendOn(new Threads(new LinearMemory(false)), { madd: enableRelaxedSimd() });
}

/** @throws BackendError where the engine has no WebAssembly SIMD, or the page forbids to compile it */
export function requireSimd(): void {
  if (!hasSimd())
    throw new BackendError({
      operation: 'useBackend wasm',
      expected: 'an engine with WebAssembly SIMD',
      actual: 'one without',
      remedy: 'Use the reference backend.',
    });
  try {
    new WebAssembly.Module(emptyModule);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new BackendError(
      {
        operation: 'useBackend wasm',
        expected: 'a page that may compile WebAssembly',
        actual: cause.message,
        remedy:
          "Add 'wasm-unsafe-eval' to script-src in the page's header Content-Security-Policy, or use the reference backend.",
      },
      { cause },
    );
  }
}

/** A backend on threads that are there. */
export function backendOn(threads: Threads, instructions: Instructions): WasmBackend {
  const { memory } = threads;
  const { context, storage, table } = partsOn(threads, instructions);
  const { outside } = context.code;
  return {
    ...storage,
    ...table,
    bind: (calls, kernels) =>
      kernels === table.kernels ? bindCalls(context, table, outside, calls) : undefined,
    fusedMultiplyAdd: instructions.madd,
    get threads() {
      return threads.there;
    },
    ready: threads.there > 1 && !inNode() ? threads.settled() : undefined,
    get isClosed() {
      return threads.isClosed;
    },
    memoryUsage: () => memory.usage,
    workerUsage: () => threads.usage,
    close: () => threads.close(),
  };
}

/** Kernels of their own on threads that are there, and what they share. */
export function contextOn(
  threads: Threads,
  instructions: Instructions,
): { readonly context: Omit<Context, 'onReference'>; readonly kernels: Partial<Kernels> } {
  const { context, table } = partsOn(threads, instructions);
  const lacks: readonly string[] = table.lacks ?? [];
  const own = Object.entries(table.kernels).filter(([name]) => !lacks.includes(name));
  return { context, kernels: Object.fromEntries(own) as Partial<Kernels> };
}

function partsOn(threads: Threads, instructions: Instructions) {
  const { memory } = threads;
  const storage = storageIn(memory);
  const shared = new ModuleBuilder();
  copyCode(shared);
  clearCode(shared);
  reduceCode(shared);
  gatherRows(shared);
  addRowsCode(shared);
  outsideCode(shared);
  logSumExpCode(shared, instructions);
  const linked = threads.link<SharedCode>(shared);
  const context: Omit<Context, 'onReference'> = {
    memory,
    instructions,
    threads,
    gemm: new Gemm(memory, threads, instructions),
    code: linked.here,
    linked,
  };
  const table = withFallback(storage, (onReference) => {
    const unlessTraced: OnReference = (name, args) => {
      memory.trace?.refuse();
      onReference(name, args);
    };
    return kernelsOf({ ...context, onReference: unlessTraced });
  });
  return { context, storage, table };
}

function storageIn(memory: LinearMemory) {
  const host = (buffer: WasmBuffer) => memory.view(buffer.dtype, buffer.address, buffer.length);
  return {
    name: 'wasm',
    allocate: (dtype, length): WasmBuffer => {
      const address = memory.allocate(bufferBytes(dtype, length));
      return { dtype, length, address };
    },
    free: (buffer) => {
      const { address, dtype, length } = buffer as WasmBuffer;
      memory.free(address, bufferBytes(dtype, length));
    },
    upload: (buffer, values) => host(buffer as WasmBuffer).set(values),
    download: async (buffer) => host(buffer as WasmBuffer).slice(),
    host: (buffer) => host(buffer as WasmBuffer),
  } as const satisfies Omit<Backend, 'kernels'>;
}

function kernelsOf(context: Context): Partial<Kernels> {
  const map = mapKernel(context);
  const panels = new Panels(context);
  return {
    map,
    fill: fillKernel(context),
    copy: copyKernel(context),
    matmul: matmulKernel(context, map),
    reduce: reduceKernel(context),
    argMax: argMaxKernel(context),
    gather: gatherKernel(context),
    scatterAdd: scatterAddKernel(context),
    logSumExp: logSumExpKernel(context),
    virtualMatmul: virtualMatmulKernel(context, panels, map),
    virtualFold: virtualFoldKernel(context, panels),
    virtualRows: virtualRowsKernel(context, panels),
    foldRows: foldRowsKernel(context, panels),
    ...signKernels(context),
  };
}
