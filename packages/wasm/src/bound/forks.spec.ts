import { setTimeout as sleep } from 'node:timers/promises';
import { adjoint } from '@funhash/formula';
import {
  bindPlan,
  currentBackend,
  full,
  PlanRecording,
  planOf,
  runCall,
  runMap,
  runReduce,
  runVirtualFold,
  runVirtualRows,
  type Tensor,
  updateInPlace,
  useBackend,
  virtualMatmulCall,
} from '@funhash/tensor';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { backendOn, type WasmBackend } from '../backend.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { entryProgram, scalars, storedLengths, uniforms } from '../random-programs.spec-kit.ts';
import { enableRelaxedSimd } from '../relaxed-simd.ts';
import { Threads } from '../threads/threads.ts';
import { workers } from '../threads/workers.ts';
import { product, runWithoutKernels, scaled, wave } from './plans.spec-kit.ts';

// Plans on several threads: what kernels tell workers is written down once.

const atStart = currentBackend();
let backend: WasmBackend;
beforeAll(async () => {
  backend = await eager(3);
});
afterAll(async () => void (await useBackend(atStart)));

/** Splits everything that can be split, however small. */
async function eager(count: number): Promise<WasmBackend> {
  const threads = new Threads(new LinearMemory(true), workers(count - 1), 1e-3);
  const made = backendOn(threads, { madd: enableRelaxedSimd() });
  await useBackend(made, { strict: true });
  return made;
}

async function untilStarted(): Promise<void> {
  while (backend.workerUsage().started < backend.threads - 1) await sleep(2);
}

const formula = entryProgram(
  [{ op: 1, a: 0, b: 1, c: 0, n: 3 }],
  [{ op: 0, a: 5, b: 0, c: 1, n: 0 }],
  [{ op: 18, a: 0, b: 0, c: 0, n: 1 }],
);
const virtual = (rows: number, cols: number) => ({
  program: formula,
  rows,
  cols,
  uniforms,
  scalars,
  stored: storedLengths.map((length, slot) => wave([length], slot)),
});

const cases: readonly [string, (x: Tensor) => readonly Tensor[]][] = [
  ['products', (x) => [product(x, wave([170, 90], 3))]],
  ['products of one row', (x) => [product(x.view([1, 170], [170, 1], 170), wave([170, 200], 3))]],
  ['maps of strided operands', (x) => runMap('f', scaled, [x, x.view([70, 170], [0, 1], 170)], [2])],
  ['products by a virtual matrix', (x) => [runCall(virtualMatmulCall(x, virtual(130, 170)))]],
  ['its gradients', (x) => runVirtualFold(wave([70, 130], 4), x, virtual(130, 170), adjoint(formula))],
  ['reductions', (x) => [runReduce('sum', x, [0]), runReduce('max', x, [1]), runReduce('sum', x, [0, 1])]],
  ['transposed copies', (x) => [x.view([170, 70], [1, 170], 0).contiguous()]],
  ['fills', (x) => runMap('f', scaled, [x, full([70, 170], -2.5)], [1])],
  ['its rows', () => [runVirtualRows(virtual(130, 170), null)]],
  [
    'one after another',
    (x) => {
      const y = product(x, wave([170, 90], 3));
      const z = runCall(virtualMatmulCall(x, virtual(90, 170)));
      return runMap('f', scaled, [runMap('f', scaled, [y, z], [0.5])[0] as Tensor, y], [-3]);
    },
  ],
];

test.each(cases)('%s: the bits of kernels, by calls that are written down', async (_, f) => {
  const x = wave([70, 170]);
  const made = (from: Tensor) => Object.fromEntries(f(from).map((y, k) => [`y${k}`, y]));
  const bound = bindPlan(planOf(() => made(x), { inputs: { x } }));
  onTestFinished(() => bound.dispose());
  await untilStarted();
  const { shares } = backend.workerUsage();
  for (const phase of [40, 2, 7]) {
    const other = wave([70, 170], phase);
    bound.set('x', other.dataSync());
    runWithoutKernels(backend, bound);
    for (const [name, y] of Object.entries(made(other))) expect(bound.readSync(name)).toEqual(y.dataSync());
  }
  // A short share is often done by the calling thread before a worker wakes.
  const expected = f(wave([70, 170], 7)).map((y) => y.dataSync());
  const until = performance.now() + 5000;
  for (
    let run = 0;
    run < 50 || (backend.workerUsage().shares === shares && performance.now() < until);
    run++
  ) {
    bound.run();
    expected.forEach((values, k) => {
      expect(bound.readSync(`y${k}`)).toEqual(values);
    });
  }
  expect(backend.workerUsage().shares).toBeGreaterThan(shares);
});

test('numbers are those that were set last, in each share', async () => {
  const [w, g] = [wave([1000]), wave([1000], 2)];
  const rate = [0];
  const recording = new PlanRecording({ numbers: { rate } });
  recording.part(() => updateInPlace('step', scaled, [w], [g], rate));
  const bound = bindPlan(recording.finish({ w }));
  onTestFinished(() => bound.dispose());
  await untilStarted();
  for (const value of [0.5, 0.25]) {
    const expected = w.dataSync().map((x, k) => x - Math.fround(value * (g.dataSync()[k] as number)));
    bound.set('rate', [value]);
    runWithoutKernels(backend, bound);
    expect(w.dataSync()).toEqual(expected);
  }
});

test('shares that no worker takes are done by the calling thread: before workers start, and when they are closed', async () => {
  const known = backend;
  backend = await eager(2);
  onTestFinished(async () => {
    backend = known;
    await useBackend(known, { strict: true });
  });
  const x = wave([70, 170]);
  const bound = bindPlan(planOf(() => ({ y: product(x, wave([170, 90], 3)) }), { inputs: { x } }));
  const expected = product(x, wave([170, 90], 3)).dataSync();
  bound.set('x', x.dataSync());
  runWithoutKernels(backend, bound);
  expect(bound.readSync('y')).toEqual(expected);
  expect(backend.workerUsage().shares).toBe(0);
  await untilStarted();
  backend.close();
  bound.set('x', wave([70, 170], 5).dataSync());
  runWithoutKernels(backend, bound);
  bound.set('x', x.dataSync());
  runWithoutKernels(backend, bound);
  expect(bound.readSync('y')).toEqual(expected);
});

test('10 000 runs take no more memory, and it is given back', () => {
  const { usedBytes } = backend.memoryUsage();
  const w = wave([400]);
  const recorded = planOf(() => {
    updateInPlace('step', scaled, [w], [wave([400], 3)], [1e-6]);
    return { w };
  });
  const before = backend.memoryUsage().usedBytes;
  const bound = bindPlan(recorded);
  const during = backend.memoryUsage().usedBytes;
  expect(during).toBeGreaterThan(before);
  for (let k = 0; k < 10_000; k++) bound.run();
  // Lists of calls of kernels that are not bound have a chunk of each worker.
  expect(backend.memoryUsage().usedBytes).toBe(during);
  bound.dispose();
  expect(backend.memoryUsage().usedBytes).toBe(before);
  expect(before).toBeGreaterThan(usedBytes);
});
