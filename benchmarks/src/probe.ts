// The matrix product's inner loop is no part of a package's interface: this reaches into the source.
import { ModuleBuilder } from '../../packages/wasm/src/assembler/module-builder.ts';
import { microKernel, tileCols, tileRows } from '../../packages/wasm/src/gemm/micro-kernel.ts';
import { enableRelaxedSimd } from '../../packages/wasm/src/relaxed-simd.ts';
import type { Ready, TaskOf } from './task.ts';

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

// As many as a product of one row may use at once, and still have registers for.
const streams = 8;
const streamVectors = 2;

/** Adds up all numbers of a block of memory, in equal parts that are read side by side. Its value is the number of bytes. */
export function readProbe({ bytes }: TaskOf<'read'>): Ready {
  const stride = Math.ceil(bytes / streams / (16 * streamVectors)) * 16 * streamVectors;
  const memory = new WebAssembly.Memory({
    initial: Math.ceil((streams * stride) / 65536) + 1,
    maximum: 65536,
  });
  // Zeros that were never written may all be one page.
  new Float32Array(memory.buffer).fill(1);
  const module = new ModuleBuilder();
  const made = module.function('read', ['i32', 'i32']);
  const { code } = made;
  const [from, blocks] = made.arguments;
  const parts = made.locals('i32', streams);
  const sums = made.locals('v128', streams);
  for (const sum of sums) code.v128(new Float32Array(4)).set(sum);
  parts.forEach(
    (part, k) =>
      void code
        .get(from)
        .i32(k * stride)
        .op('i32.add')
        .set(part),
  );
  code.repeat(blocks, () => {
    parts.forEach((part, k) => {
      const sum = sums[k] as (typeof sums)[number];
      for (let v = 0; v < streamVectors; v++)
        code
          .get(part)
          .memory('v128.load', 16 * v)
          .get(sum)
          .op('f32x4.add')
          .set(sum);
      code.increase(part, 16 * streamVectors);
    });
  });
  sums.forEach((sum, k) => void code.get(from, sum).memory('v128.store', 16 * k));
  const { read } = module.instantiate<'read'>(memory);
  return { run: () => void read(0, stride / (16 * streamVectors)), value: () => streams * stride };
}
