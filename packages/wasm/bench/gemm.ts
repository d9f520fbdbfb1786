import { ModuleBuilder } from '../src/assembler/module-builder.ts';
import { Gemm } from '../src/gemm/gemm.ts';
import { microKernel, tileCols, tileRows } from '../src/gemm/micro-kernel.ts';
import { LinearMemory } from '../src/memory/linear-memory.ts';
import { enableRelaxedSimd } from '../src/relaxed-simd.ts';
import { leastTimes } from './measure.ts';

/** GFLOP/s of whole products against the register loop of the same instructions. */
const relaxed = enableRelaxedSimd();
for (const madd of relaxed ? [true, false] : [false]) {
  const memory = new LinearMemory();
  const gemm = new Gemm(memory, { madd });
  const probe = new ModuleBuilder();
  microKernel(probe, 'kernel', { madd }, tileRows({ madd }), 2);
  const { kernel } = probe.instantiate<'kernel'>(memory.memory);
  const shapes = [
    [128, 1000, 784],
    [50, 1000, 784],
    [128, 784, 1000],
    [1000, 784, 128],
    [128, 10, 1000],
    [512, 512, 512],
    [1024, 1024, 1024],
    [8, 16, 20],
  ] as const;
  const work: Record<string, () => void> = {};
  const flops: Record<string, number> = {};
  const depth = 256;
  const block = memory.allocate(1 << 16);
  work.loop = () => {
    for (let i = 0; i < 4000; i++) kernel(depth, block, block + 16384, block + 32768, 32, 0);
  };
  flops.loop = 4000 * 2 * depth * tileRows({ madd }) * tileCols;
  for (const [m, n, k] of shapes) {
    const a = memory.allocate(m * k * 4);
    const b = memory.allocate(n * k * 4);
    const c = memory.allocate(m * n * 4);
    for (const [kind, right] of [
      ['nt', { address: b, rowStride: 4, colStride: k * 4 }],
      ['nn', { address: b, rowStride: n * 4, colStride: 4 }],
    ] as const) {
      work[`${m}x${k}x${n} ${kind}`] = () =>
        gemm.multiply(m, n, k, { address: a, rowStride: k * 4, colStride: 4 }, right, {
          address: c,
          rowBytes: n * 4,
        });
      flops[`${m}x${k}x${n} ${kind}`] = 2 * m * n * k;
    }
  }
  const times = leastTimes(work, 20);
  console.log(madd ? 'madd' : 'mul+add');
  for (const [name, ms] of Object.entries(times))
    console.log(
      `  ${name.padEnd(20)} ${ms.toFixed(4)} ms  ${((flops[name] as number) / ms / 1e6).toFixed(1)} GFLOP/s`,
    );
}
