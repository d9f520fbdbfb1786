import { setTimeout as sleep } from 'node:timers/promises';
import { adjoint, tracePointwise, transposed } from '@funhash/formula';
import { contiguousStrides, type View } from '@funhash/tensor';
import { createBackend, type WasmBackend } from '../src/backend.ts';
import { type Formula, funHash, hashed, robe8, tile } from './formulas.ts';
import { leastTimes } from './measure.ts';

/**
 * Training step of one layer, virtual against dense: forward, dX, gradient of the stored values, update. Arguments:
 * batch, ratio, a part of the formulas' names, and a number of threads that is compared with one.
 */
const [rows, cols, batch, ratio] = [1000, 784, Number(process.argv[2] ?? 128), Number(process.argv[3] ?? 64)];
const only = process.argv[4] ?? '';
const counts = [...new Set([1, Number(process.argv[5] ?? 1)])];
const rounds = Number(process.argv[6] ?? 60);
const parts = ['fwd', 'dX', 'dV', 'upd'] as const;
const stored = Math.floor((rows * cols) / ratio);
const formulas: Record<string, Formula> = {
  'hashed xx': hashed(stored),
  'hashed 2^n': hashed(2 ** Math.floor(Math.log2(stored))),
  'hashed ms': hashed(stored, 'ms'),
  robe8: robe8(stored),
  tile: tile(stored),
  'fun tanh2': funHash(stored, 2, 'tanh'),
  'fun relu4': funHash(stored, 4, 'relu'),
};
const names = Object.keys(formulas).filter((name) => name.includes(only));
const momentum = tracePointwise(3, 2, ([w, m, g], [rate, decay]) => {
  const next = m!.times(decay!).plus(g!);
  return [w!.minus(next.times(rate!)), next];
});
const turned = (v: View): View => ({
  ...v,
  shape: [...v.shape].reverse(),
  strides: [...v.strides].reverse(),
});

function stepsOn(backend: WasmBackend, work: Record<string, () => void>): void {
  const { kernels } = backend as { kernels: Required<typeof backend.kernels> };
  const view = (shape: readonly number[], scale = 1): View => {
    const buffer = backend.allocate(
      'f32',
      shape.reduce((a, b) => a * b, 1),
    );
    const data = backend.host?.(buffer) as Float32Array;
    let state = 1;
    for (let k = 0; k < data.length; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      data[k] = (state / 2 ** 31 - 1) * scale;
    }
    return { buffer, dtype: 'f32', shape, strides: contiguousStrides(shape), offset: 0 };
  };
  const update = (w: View[], m: View[], g: View[]): void => {
    for (let k = 0; k < w.length; k++)
      kernels.map(momentum, [w[k]!, m[k]!, g[k]!], [1e-6, 0.9], [w[k]!, m[k]!]);
  };
  const [x, dY] = [view([batch, cols]), view([batch, rows], 1e-3)];
  const [y, dX] = [view([batch, rows]), view([batch, cols])];
  const dense = { V: view([rows, cols]), m: view([rows, cols]), g: view([rows, cols]) };
  const n = backend.threads;
  work[`dense fwd ${n}`] = () => kernels.matmul(x, turned(dense.V), y);
  work[`dense dX ${n}`] = () => kernels.matmul(dY, dense.V, dX);
  work[`dense dV ${n}`] = () => kernels.matmul(turned(dY), x, dense.g);
  work[`dense upd ${n}`] = () => update([dense.V], [dense.m], [dense.g]);
  for (const name of names) {
    const { program, uniforms, storedLengths } = formulas[name] as Formula;
    const back = transposed(program);
    const derived = adjoint(program);
    const [w, m, g] = [1, 2, 3].map(() => storedLengths.map((length) => view([length]))) as [
      View[],
      View[],
      View[],
    ];
    const v = { program, rows, cols, uniforms, scalars: [], stored: w };
    const vt = { program: back, rows: cols, cols: rows, uniforms, scalars: [], stored: w };
    work[`${name} fwd ${n}`] = () => kernels.virtualMatmul(x, v, y);
    work[`${name} dX ${n}`] = () => kernels.virtualMatmul(dY, vt, dX);
    work[`${name} dV ${n}`] = () => {
      for (const sum of g) kernels.fill(sum, 0);
      kernels.virtualFold(dY, x, v, derived, g);
    };
    work[`${name} upd ${n}`] = () => update(w, m, g);
  }
}

const work: Record<string, () => void> = {};
for (const count of counts) {
  const backend = createBackend({ threads: count });
  while (backend.workerUsage().started < count - 1) await sleep(5);
  stepsOn(backend, work);
}
const times = leastTimes(work, rounds, 10);
const timesOf = (name: string, count: number): number[] =>
  parts.map((part) => times[`${name} ${part} ${count}`] as number);
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
console.log(
  `batch ${batch}, 1/${ratio}: ${parts.join(', ')} in ms; their sum to that of dense without dX; with dX`,
);
for (const count of counts) {
  const [f, b, d, u] = timesOf('dense', count) as [number, number, number, number];
  for (const name of ['dense', ...names]) {
    const own = timesOf(name, count);
    const [vf, vb, vd, vu] = own as [number, number, number, number];
    const perEntry = [vf - f, vb - b, vd - d].map((ms) => ((ms * 1e6) / rows / cols).toFixed(2)).join(' ');
    const ratios = [(vf + vd + vu) / (f + d + u), sum(own) / (f + b + d + u)];
    const faster = parts.map((_, k) => ((timesOf(name, 1)[k] as number) / (own[k] as number)).toFixed(2));
    const compared = `, ${(sum(timesOf(name, 1)) / sum(own)).toFixed(2)}× one thread (${faster.join(' ')})`;
    console.log(
      `${String(count).padEnd(2)} ${name.padEnd(11)} ${own.map((ms) => ms.toFixed(3)).join(' ')}  ratio ${ratios.map((r) => r.toFixed(3)).join('; ')}  (ns/entry more: ${perEntry})${count > 1 ? compared : ''}`,
    );
  }
}
process.exit();
