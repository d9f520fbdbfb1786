import { contiguousStrides, type View } from '@funhash/tensor';
import { createBackend } from '../src/backend.ts';
import { type Formula, hashed, robe8, tile } from './formulas.ts';
import { leastTimes } from './measure.ts';

/**
 * One row through square layers: dense against virtual, milliseconds. Arguments: a part of the formulas' names, and
 * rounds.
 */
const only = process.argv[2] ?? '';
const rounds = Number(process.argv[3] ?? 25);
const backend = createBackend();
const { kernels } = backend as { kernels: Required<typeof backend.kernels> };
const view = (...shape: number[]): View => {
  const buffer = backend.allocate(
    'f32',
    shape.reduce((a, b) => a * b, 1),
  );
  const data = backend.host?.(buffer) as Float32Array;
  data.fill(0.01);
  return { buffer, dtype: 'f32', shape, strides: contiguousStrides(shape), offset: 0 };
};
for (const [rows, cols] of [
  [1000, 784],
  [2048, 2048],
  [4096, 4096],
  [6144, 6144],
] as const) {
  const [x, y, V] = [view(1, cols), view(1, rows), view(rows, cols)];
  const Vt: View = { buffer: V.buffer, dtype: 'f32', shape: [cols, rows], strides: [1, cols], offset: 0 };
  const work: Record<string, () => void> = { dense: () => kernels.matmul(x, Vt, y) };
  const add = (name: string, { program, uniforms, storedLengths }: Formula): void => {
    if (!name.includes(only)) return;
    const v = { program, rows, cols, uniforms, scalars: [], stored: storedLengths.map((n) => view(n)) };
    work[name] = () => kernels.virtualMatmul(x, v, y);
  };
  const size = rows * cols;
  add('tile 1/64', tile(size / 64));
  add('tile 1/512', tile(size / 512));
  add('robe8 1/64', robe8(Math.floor(size / 64)));
  add('hashed ms 1/64', hashed(Math.floor(size / 64), 'ms'));
  add('hashed xx 1/64', hashed(Math.floor(size / 64)));
  const times = leastTimes(work, rounds, 6) as Record<string, number>;
  console.log(
    `${rows}x${cols} ${Object.entries(times)
      .map(([name, ms]) => `${name} ${ms.toFixed(3)} (${((times.dense as number) / ms).toFixed(2)})`)
      .join('  ')}`,
  );
}
