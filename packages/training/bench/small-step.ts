import { gradientsOf } from '@funhash/autodiff';
import { Dense, Sequential, useBackend } from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import { fit } from '../src/fit.ts';
import { softmaxCrossEntropy } from '../src/losses.ts';
import { sgd } from '../src/optimizers/sgd.ts';

/**
 * What a training step costs beside its kernels: an MLP 20-16-4, batch 8, SGD with momentum, as users write the loop,
 * and by `fit`. The least time of interleaved rounds, in microseconds a step. As users run it, bundled
 * (`esbuild --bundle --platform=node --format=esm --conditions=@funhash/source`): under tsx, which keeps the names of
 * functions at run time, it takes a third more.
 */
await useBackend('wasm', { strict: true });
const [batch, width, classes, steps] = [8, 20, 4, 1000];
const net = () =>
  new Sequential([
    new Dense({ in: width, out: 16, activation: 'relu' }),
    new Dense({ in: 16, out: classes }),
  ]);
const optimizer = sgd({ learningRate: 1e-5, momentum: 0.9 });
const wave = (length: number) => Float32Array.from({ length }, (_, k) => Math.sin(k));
const labelsOf = (length: number) => Int32Array.from({ length }, (_, k) => k % classes);

const model = net();
const parameters = model.parameters().map(({ value }) => value);
const bound = await optimizer.create(model.namedParameters());
const [inputs, labels] = [tensor(wave(batch * width), [batch, width]), tensor(labelsOf(batch))];
const step = () =>
  scope(() => {
    const [loss, gradients] = gradientsOf(
      () => softmaxCrossEntropy(model.forward(inputs), labels),
      parameters,
    );
    bound.update(gradients);
    return loss;
  });

const count = batch * steps;
const fitted = net();
const data = { inputs: wave(count * width), inputShape: [width], labels: labelsOf(count) };

const work: Readonly<Record<string, () => void | Promise<void>>> = {
  loop: () => {
    for (let k = 0; k < steps; k++) step().dispose();
  },
  'loop, loss read': () => {
    for (let k = 0; k < steps; k++) {
      const loss = step();
      loss.item();
      loss.dispose();
    }
  },
  forward: () => {
    for (let k = 0; k < steps; k++) scope(() => model.forward(inputs)).dispose();
  },
  fit: async () => {
    for await (const _ of fit({ model: fitted, data, batchSize: batch, epochs: 1, optimizer }));
  },
};
const rounds = Number(process.argv[2] ?? 40);
const least: Record<string, number> = {};
for (let round = -10; round < rounds; round++)
  for (const [name, run] of Object.entries(work)) {
    const start = performance.now();
    await run();
    const microseconds = ((performance.now() - start) * 1000) / steps;
    if (round >= 0) least[name] = Math.min(least[name] ?? Infinity, microseconds);
  }
for (const [name, microseconds] of Object.entries(least))
  console.log(`${name.padEnd(18)} ${microseconds.toFixed(1)} µs`);
