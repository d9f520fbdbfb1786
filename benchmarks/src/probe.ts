// The matrix product's inner loop is no part of a package's interface: this reaches into the source.
import { ModuleBuilder } from '../../packages/wasm/src/assembler/module-builder.ts';
import { microKernel, tileCols, tileRows } from '../../packages/wasm/src/gemm/micro-kernel.ts';
import { enableRelaxedSimd } from '../../packages/wasm/src/relaxed-simd.ts';
import type { Ready } from './task.ts';

const depth = 256;
const calls = 1000;

/** Runs the register loop over panels that stay in L1. Its value is the number of operations of a run. */
export function microKernelProbe(): Ready {
  const madd = enableRelaxedSimd();
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 });
  const module = new ModuleBuilder();
  microKernel(module, 'kernel', { madd }, tileRows({ madd }), 2);
  const { kernel } = module.instantiate<'kernel'>(memory);
  const [left, right, result] = [0, 16384, 32768];
  return {
    run: () => {
      for (let k = 0; k < calls; k++) kernel(depth, left, right, result, 4 * tileCols, 0);
    },
    value: () => 2 * calls * depth * tileRows({ madd }) * tileCols,
  };
}
