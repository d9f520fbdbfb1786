import { tracePointwise } from '@funhash/formula';
import { contiguousStrides, type View } from '@funhash/tensor';
import { createBackend } from '../src/create-backend.ts';
import { leastTimes } from './measure.ts';

/** Overhead of kernel calls: the kernels of a training step of an MLP 20-16-4 at batch 8. */
const backend = createBackend();
const { kernels } = backend as { kernels: Required<typeof backend.kernels> };
const view = (...shape: number[]): View => {
  const length = shape.reduce((a, b) => a * b, 1);
  const buffer = backend.allocate('f32', length);
  backend.upload(
    buffer,
    Float32Array.from({ length }, (_, k) => Math.sin(k)),
  );
  return { buffer, dtype: 'f32', shape, strides: contiguousStrides(shape), offset: 0 };
};
const transposed = (v: View): View => ({
  ...v,
  shape: [...v.shape].reverse(),
  strides: [...v.strides].reverse(),
});
const relu = tracePointwise(1, 0, ([x]) => [x!.relu()]);
const reluBack = tracePointwise(2, 0, ([x, g]) => [x!.ifPositive(g!, 0)]);
const softmaxBack = tracePointwise(3, 1, ([z, l, t], [n]) => [z!.minus(l!).exp().minus(t!).times(n!)]);
const momentum = tracePointwise(3, 2, ([w, m, g], [rate, decay]) => {
  const next = m!.times(decay!).plus(g!);
  return [w!.minus(next.times(rate!)), next];
});
const [x, w1, b1, w2, b2] = [view(8, 20), view(16, 20), view(16), view(4, 16), view(4)];
const [h, z, lse, t, dz, dh] = [view(8, 16), view(8, 4), view(8), view(8, 4), view(8, 4), view(8, 16)];
const params = [w1, b1, w2, b2];
const [moments, grads] = [0, 1].map(() => params.map((p) => view(...p.shape))) as [View[], View[]];
const [dW1, db1, dW2, db2] = grads as [View, View, View, View];
const row = (v: View): View => ({ ...v, shape: [1, ...v.shape], strides: [0, ...v.strides] });
const across: View = { ...lse, shape: [8, 4], strides: [1, 0] };
const parts: Record<string, () => void> = {
  'matmul+bias+relu': () => kernels.matmul(x, transposed(w1), h, { bias: b1, activation: relu }),
  'matmul+bias': () => kernels.matmul(h, transposed(w2), z, { bias: b2 }),
  logSumExp: () => kernels.logSumExp(z, lse),
  softmaxBack: () => kernels.map(softmaxBack, [z, across, t], [1 / 8], [dz]),
  dW2: () => kernels.matmul(transposed(dz), h, dW2),
  db2: () => kernels.reduce('sum', dz, row(db2)),
  dH: () => kernels.matmul(dz, w2, dh),
  reluBack: () => kernels.map(reluBack, [h, dh], [], [dh]),
  dW1: () => kernels.matmul(transposed(dh), x, dW1),
  db1: () => kernels.reduce('sum', dh, row(db1)),
  updates: () => {
    for (let k = 0; k < params.length; k++) {
      const [p, m, g] = [params[k]!, moments[k]!, grads[k]!];
      kernels.map(momentum, [p, m, g], [1e-5, 0.9], [p, m]);
    }
  },
};
const work: Record<string, () => void> = {
  step: () => {
    for (let k = 0; k < 1000; k++) for (const part of Object.values(parts)) part();
  },
};
for (const [name, part] of Object.entries(parts))
  work[name] = () => {
    for (let k = 0; k < 1000; k++) part();
  };
for (const [name, ms] of Object.entries(leastTimes(work, 20)))
  console.log(`${name.padEnd(18)} ${ms.toFixed(2)} µs`);
