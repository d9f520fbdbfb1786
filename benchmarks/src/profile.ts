import type { Backend, View, VirtualView } from '@funhash/tensor';
import { createRunner } from './funhash.ts';
import type { Row, Table } from './table.ts';
import type { Task } from './task.ts';

/** Kernels below this share of a task are shown together. */
const leastShare = 0.01;

/** Runs before those that count, as long as they take no longer than `mostWarmUpMs`. */
const warmUp = 50;
const mostWarmUpMs = 5000;

interface Profile {
  readonly leastMs: number;
  /** Least milliseconds of all calls of a kernel with operands of the same shapes in one run of the task. */
  readonly kernels: ReadonlyMap<string, { readonly calls: number; readonly leastMs: number }>;
}

/** Where the time of a task goes, kernel by kernel, on one thread and on two: the least of `runs` runs. */
export async function profileTable(title: string, task: Task, runs: number): Promise<Table> {
  const [one, two] = [await profile(task, 1, runs), await profile(task, 2, runs)];
  const inTwo = (name: string): number => two.kernels.get(name)?.leastMs ?? 0;
  const sum = (list: readonly (readonly [string, { readonly leastMs: number }])[]) => ({
    leastMs: list.reduce((total, [, { leastMs }]) => total + leastMs, 0),
    leastMs2: list.reduce((total, [name]) => total + inTwo(name), 0),
  });
  const row = (name: string, calls: number | undefined, leastMs: number, leastMs2: number): Row => ({
    name,
    ...(calls !== undefined && { calls: String(calls) }),
    leastMs,
    leastMs2,
    share: (100 * leastMs) / one.leastMs,
  });
  const sorted = [...one.kernels].sort(([, a], [, b]) => b.leastMs - a.leastMs);
  const large = sorted.filter(([, { leastMs }]) => leastMs >= leastShare * one.leastMs);
  const small = sorted.slice(large.length);
  const [all, rest] = [sum(sorted), sum(small)];
  const smallCalls = small.reduce((total, [, { calls }]) => total + calls, 0);
  return {
    title,
    columns: [
      { key: 'name', title: 'kernel, shapes' },
      { key: 'calls', title: 'calls' },
      { key: 'leastMs', title: 'least ms' },
      { key: 'share', title: '%', digits: 2 },
      { key: 'leastMs2', title: '2 threads, least ms' },
    ],
    rows: [
      ...large.map(([name, { calls, leastMs }]) => row(name, calls, leastMs, inTwo(name))),
      row(`${small.length} others`, smallCalls, rest.leastMs, rest.leastMs2),
      row('outside of kernels', undefined, one.leastMs - all.leastMs, two.leastMs - all.leastMs2),
      row('the step', undefined, one.leastMs, two.leastMs),
    ],
  };
}

async function profile(task: Task, threads: number, runs: number): Promise<Profile> {
  let times = new Map<string, { calls: number; ms: number }>();
  const runner = await createRunner({
    threads,
    wrap: (backend) =>
      timed(backend, (kernel, ms) => {
        const time = times.get(kernel) ?? { calls: 0, ms: 0 };
        times.set(kernel, { calls: time.calls + 1, ms: time.ms + ms });
      }),
  });
  const { run } = await runner.prepare(task);
  const started = performance.now();
  for (let k = 0; k < warmUp && performance.now() - started < mostWarmUpMs; k++) await run();
  const kernels = new Map<string, { calls: number; leastMs: number }>();
  let leastMs = Number.POSITIVE_INFINITY;
  for (let k = 0; k < runs; k++) {
    times = new Map();
    const begun = performance.now();
    await run();
    leastMs = Math.min(leastMs, performance.now() - begun);
    for (const [kernel, { calls, ms }] of times) {
      const known = kernels.get(kernel)?.leastMs ?? ms;
      kernels.set(kernel, { calls, leastMs: Math.min(known, ms) });
    }
  }
  return { leastMs, kernels };
}

type Kernel = (...operands: readonly unknown[]) => void;

/** Tells of every kernel call; what a kernel does by another one counts as its own. */
function timed(backend: Backend, report: (kernel: string, ms: number) => void): Backend {
  const kernels = Object.entries(backend.kernels).map(([name, kernel]) => {
    const run: Kernel = (...operands) => {
      const begun = performance.now();
      (kernel as Kernel)(...operands);
      const ms = performance.now() - begun;
      report(`${name} ${shapesOf(operands).join(', ')}`, ms);
    };
    return [name, run];
  });
  return { ...backend, kernels: Object.fromEntries(kernels) };
}

// Operands of the same shape are counted.
function shapesOf(operands: readonly unknown[]): string[] {
  const shapes = operands.flat().flatMap((operand) => {
    if (isView(operand)) return [operand.shape.join('×')];
    return isMatrix(operand) ? [`V ${operand.rows}×${operand.cols}`] : [];
  });
  return [...new Set(shapes)].map((shape) => {
    const count = shapes.filter((other) => other === shape).length;
    return count > 1 ? `${count} of ${shape}` : shape;
  });
}

const isObject = (operand: unknown): operand is object => typeof operand === 'object' && operand !== null;
const isView = (operand: unknown): operand is View => isObject(operand) && 'strides' in operand;
const isMatrix = (operand: unknown): operand is VirtualView => isObject(operand) && 'stored' in operand;
