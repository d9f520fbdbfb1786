import { type Backend, BackendError, type BackendOptions, type Kernels } from '@funhash/tensor';
import { ModuleBuilder } from './assembler/module-builder.ts';
import { type Context, referenceOver } from './context.ts';
import { Gemm } from './gemm/gemm.ts';
import { copyKernel } from './kernels/copy.ts';
import { copyCode } from './kernels/copy-code.ts';
import { fillKernel } from './kernels/fill.ts';
import { mapKernel } from './kernels/map.ts';
import { matmulKernel } from './kernels/matmul.ts';
import { Panels } from './kernels/panels.ts';
import { reduceKernel } from './kernels/reduce.ts';
import { reduceCode } from './kernels/reduce-code.ts';
import { argMaxKernel, gatherKernel, logSumExpKernel, scatterAddKernel } from './kernels/rows.ts';
import { addRowsCode, gatherRows, logSumExpCode } from './kernels/rows-code.ts';
import {
  foldRowsKernel,
  virtualFoldKernel,
  virtualMatmulKernel,
  virtualRowsKernel,
} from './kernels/virtual.ts';
import type { WasmBuffer } from './layout.ts';
import { bufferBytes, LinearMemory, type MemoryUsage } from './memory/linear-memory.ts';
import { enableRelaxedSimd, hasSimd } from './relaxed-simd.ts';

/** The WebAssembly backend: everything in one linear memory, code emitted for the instructions of this engine. */
export interface WasmBackend extends Backend {
  readonly name: 'wasm';
  /** True where products run as fused multiply-adds (relaxed SIMD). */
  readonly fusedMultiplyAdd: boolean;
  memoryUsage(): MemoryUsage;
}

/**
 * Starts a backend with a memory of its own.
 *
 * @throws BackendError where the engine has no WebAssembly SIMD, or refuses the memory
 */
export function createBackend(_options: BackendOptions = {}): WasmBackend {
  if (!hasSimd())
    throw new BackendError({
      operation: 'useBackend wasm',
      expected: 'an engine with WebAssembly SIMD',
      actual: 'one without',
      remedy: 'Use the reference backend.',
    });
  const instructions = { madd: enableRelaxedSimd() };
  const memory = new LinearMemory();
  const storage = storageIn(memory);
  const shared = new ModuleBuilder();
  copyCode(shared);
  reduceCode(shared);
  gatherRows(shared);
  addRowsCode(shared);
  logSumExpCode(shared, instructions);
  const context: Context = {
    memory,
    instructions,
    gemm: new Gemm(memory, instructions),
    code: shared.instantiate(memory.memory),
    onReference: referenceOver(storage),
  };
  return {
    ...storage,
    kernels: kernelsOf(context),
    fusedMultiplyAdd: instructions.madd,
    memoryUsage: () => memory.usage,
  };
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

function kernelsOf(context: Context): Kernels {
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
  };
}
