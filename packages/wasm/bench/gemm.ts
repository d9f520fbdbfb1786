import { setTimeout as sleep } from 'node:timers/promises';
import { ModuleBuilder } from '../src/assembler/module-builder.ts';
import { Gemm } from '../src/gemm/gemm.ts';
import { microKernel, tileCols, tileRows } from '../src/gemm/micro-kernel.ts';
import { LinearMemory } from '../src/memory/linear-memory.ts';
import { enableRelaxedSimd } from '../src/relaxed-simd.ts';
import { Threads } from '../src/threads/threads.ts';
import { leastTimes } from './measure.ts';

/**
 * GFLOP/s of whole products against the register loop of the same instructions; with a number of threads as first
 * argument, also those of that many. A second argument chooses shapes by name.
 */
const counts = [...new Set([1, Number(process.argv[2] ?? 1)])];
const chosen = process.argv[3] ?? '';
const rounds = Number(process.argv[4] ?? 20);
const shapes = [
  [128, 1000, 784],
  [50, 1000, 784],
  [128, 784, 1000],
  [1000, 784, 128],
  [128, 10, 1000],
  [512, 512, 512],
  [1024, 1024, 1024],
  [10, 1000, 128],
  [8, 1000, 784],
  [8, 784, 1000],
  [32, 512, 128],
  [8, 16, 20],
] as const;
const relaxed = enableRelaxedSimd();
for (const madd of relaxed ? [true, false] : [false]) {
  const work: Record<string, () => void> = {};
  const flops: Record<string, number> = {};
  const loopMemory = new LinearMemory();
  const probe = new ModuleBuilder();
  microKernel(probe, 'kernel', { madd }, tileRows({ madd }), 2);
  const { kernel } = probe.instantiate<'kernel'>(loopMemory.memory);
  const depth = 256;
  const block = loopMemory.allocate(1 << 16);
  work.loop = () => {
    for (let i = 0; i < 4000; i++)
      kernel(depth, block, block + 16384, block + 32768, 32, block + 49152, 0, 8);
  };
  flops.loop = 4000 * 2 * depth * tileRows({ madd }) * tileCols;
  for (const count of counts) {
    const memory = new LinearMemory(count > 1);
    const threads = new Threads(memory, count);
    const gemm = new Gemm(memory, threads, { madd });
    while (threads.usage.started < count - 1) await sleep(5);
    for (const [m, n, k] of shapes) {
      const a = memory.allocate(m * k * 4);
      const b = memory.allocate(n * k * 4);
      const c = memory.allocate(m * n * 4);
      for (const [kind, right] of [
        ['nt', { address: b, rowStride: 4, colStride: k * 4 }],
        ['nn', { address: b, rowStride: n * 4, colStride: 4 }],
      ] as const) {
        const name = `${m}x${k}x${n} ${kind}${count > 1 ? ` ${count} threads` : ''}`;
        if (!name.includes(chosen)) continue;
        work[name] = () =>
          gemm.multiply(
            m,
            n,
            k,
            { address: a, rowStride: k * 4, colStride: 4 },
            right,
            { address: c, rowBytes: n * 4 },
            'zeros',
          );
        flops[name] = 2 * m * n * k;
      }
    }
  }
  const times = leastTimes(work, rounds);
  console.log(madd ? 'madd' : 'mul+add');
  for (const [name, ms] of Object.entries(times)) {
    const one = times[name.replace(/ \d+ threads$/, '')] as number;
    console.log(
      `  ${name.padEnd(30)} ${ms.toFixed(4)} ms  ${((flops[name] as number) / ms / 1e6).toFixed(1)} GFLOP/s  ${(one / ms).toFixed(2)}×`,
    );
  }
}
process.exit();
