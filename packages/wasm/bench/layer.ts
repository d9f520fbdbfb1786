import { adjoint, tracePointwise, transposed } from '@funhash/formula';
import { contiguousStrides, type View } from '@funhash/tensor';
import { createBackend } from '../src/backend.ts';
import { type Formula, funHash, hashed, robe8, tile } from './formulas.ts';
import { leastTimes } from './measure.ts';

/** Training step of one layer, virtual against dense: forward, dX, gradient of the stored values, update. */
const backend = createBackend();
const { kernels } = backend as { kernels: Required<typeof backend.kernels> };
const [rows, cols, batch, ratio] = [1000, 784, Number(process.argv[2] ?? 128), Number(process.argv[3] ?? 64)];
const only = process.argv[4];

function view(shape: readonly number[], scale = 1): View {
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
}

const turned = (v: View): View => ({
  ...v,
  shape: [...v.shape].reverse(),
  strides: [...v.strides].reverse(),
});
const momentum = tracePointwise(3, 2, ([w, m, g], [rate, decay]) => {
  const next = m!.times(decay!).plus(g!);
  return [w!.minus(next.times(rate!)), next];
});
const x = view([batch, cols]);
const dY = view([batch, rows], 1e-3);
const y = view([batch, rows]);
const dX = view([batch, cols]);
const work: Record<string, () => void> = {};
const update = (w: View[], m: View[], g: View[]): void => {
  for (let k = 0; k < w.length; k++)
    kernels.map(momentum, [w[k]!, m[k]!, g[k]!], [1e-6, 0.9], [w[k]!, m[k]!]);
};
const dense = { V: view([rows, cols]), m: view([rows, cols]), g: view([rows, cols]) };
work['dense fwd'] = () => kernels.matmul(x, turned(dense.V), y);
work['dense dX'] = () => kernels.matmul(dY, dense.V, dX);
work['dense dV'] = () => kernels.matmul(turned(dY), x, dense.g);
work['dense upd'] = () => update([dense.V], [dense.m], [dense.g]);
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
for (const [name, { program, uniforms, storedLengths }] of Object.entries(formulas)) {
  if (only && !name.includes(only)) continue;
  const back = transposed(program);
  const derived = adjoint(program);
  const [w, m, g] = [1, 2, 3].map(() => storedLengths.map((length) => view([length]))) as [
    View[],
    View[],
    View[],
  ];
  const v = { program, rows, cols, uniforms, scalars: [], stored: w };
  const vt = { program: back, rows: cols, cols: rows, uniforms, scalars: [], stored: w };
  work[`${name} fwd`] = () => kernels.virtualMatmul(x, v, y);
  work[`${name} dX`] = () => kernels.virtualMatmul(dY, vt, dX);
  work[`${name} dV`] = () => {
    for (const sum of g) kernels.fill(sum, 0);
    kernels.virtualFold(dY, x, v, derived, g);
  };
  work[`${name} upd`] = () => update(w, m, g);
}
const times = leastTimes(work, 60, 10) as Record<string, number>;
const parts = (name: string) => ['fwd', 'dX', 'dV', 'upd'].map((part) => times[`${name} ${part}`] as number);
const [f, b, d, u] = parts('dense') as [number, number, number, number];
console.log(`batch ${batch}, 1/${ratio}`);
console.log(`dense       ${[f, b, d, u].map((ms) => ms.toFixed(3)).join(' ')}`);
for (const name of Object.keys(formulas)) {
  if (only && !name.includes(only)) continue;
  const [vf, vb, vd, vu] = parts(name) as [number, number, number, number];
  const perEntry = [vf - f, vb - b, vd - d].map((ms) => ((ms * 1e6) / rows / cols).toFixed(2)).join(' ');
  const ratios = [(vf + vd + vu) / (f + d + u), (vf + vb + vd + vu) / (f + b + d + u)];
  console.log(
    `${name.padEnd(11)} ${[vf, vb, vd, vu].map((ms) => ms.toFixed(3)).join(' ')}  ratio ${ratios.map((r) => r.toFixed(3)).join('; ')}  (ns/entry more: ${perEntry})`,
  );
}
