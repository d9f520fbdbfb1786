import { gradientsOf } from '@funhash/autodiff';
import { Dense, hashedNet, lowRank, Sequential } from '@funhash/layers';
import { type Backend, memory, scope, tensor, useBackend } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { fit } from './fit.ts';
import { softmaxCrossEntropy } from './losses.ts';
import { adam } from './optimizers/adam.ts';

// In a file of its own, and nothing is left to the collector: that would change the count.

const backend = (await useBackend('wasm', { strict: true })) as Backend & {
  memoryUsage(): { readonly usedBytes: number; readonly peakBytes: number; readonly reservedBytes: number };
};
const held = (): string => JSON.stringify([memory(), backend.memoryUsage()]);
const network = () =>
  new Sequential(
    [
      new Dense({ in: 6, out: 10, activation: 'relu', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dense({ in: 10, out: 7, activation: 'tanh', weight: lowRank({ ratio: 1 / 2 }) }),
      new Dense({ in: 7, out: 3 }),
    ],
    { seed: 1 },
  );
const wave = (length: number) => Float32Array.from({ length }, (_, k) => Math.sin(k * k));
const labels = (length: number) => Int32Array.from({ length }, (_, k) => (k * k) % 3);

test('the memory of the backend is constant over 10 000 steps of a loop', async () => {
  const net = network();
  const parameters = net.parameters().map(({ value }) => value);
  const optimizer = await adam({ clipNorm: 1 }).create(net.namedParameters());
  const [x, t] = [tensor(wave(30), [5, 6]), tensor(labels(5))];
  const seen = new Set<string>();
  for (let step = 0; step < 10_000; step++) {
    scope(() => {
      const [, gradients] = gradientsOf(() => softmaxCrossEntropy(net.forward(x), t), parameters);
      optimizer.update(gradients);
    });
    if (step >= 10) seen.add(held());
  }
  expect([...seen]).toHaveLength(1);
  optimizer.dispose();
  for (const kept of [...parameters, x, t]) kept.dispose();
});

test('the memory of the backend is constant over 10 000 steps of fit', async () => {
  const data = { inputs: wave(6 * 500), inputShape: [6], labels: labels(500) };
  const config = {
    model: network(),
    data,
    batchSize: 5,
    epochs: 100,
    optimizer: adam(),
    reportEverySteps: 1,
  };
  const seen = new Set<string>();
  for await (const event of fit(config)) if (event.type === 'step' && event.step > 10) seen.add(held());
  expect([...seen]).toHaveLength(1);
});
