import { gradientsOf } from '@funhash/autodiff';
import { isRecording, recorded } from '@funhash/autodiff/op-parts';
import { Dense, funHash, hashedNet, lowRank, type Model, Sequential } from '@funhash/layers';
import { type Backend, type Kernels, memory, scope, type Tensor, tensor, useBackend } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { fit } from './fit.ts';
import { softmaxCrossEntropy } from './losses.ts';
import { adam } from './optimizers/adam.ts';

/** A step that fails leaves no trace: memory, scopes and tapes are as before, and the next steps give the same bits. */

// In a file of its own, and nothing is left to the collector: that would change the count.

const wasm = (await useBackend('wasm', { strict: true })) as Backend & {
  memoryUsage(): { usedBytes: number };
};

/** Calls of the backend until it fails. */
let failsAfter = Number.POSITIVE_INFINITY;
let calls = 0;

class BackendFailure extends Error {}

function call(): void {
  if (calls++ >= failsAfter) throw new BackendFailure();
}

const failing: Backend = {
  ...wasm,
  allocate: (dtype, length) => {
    call();
    return wasm.allocate(dtype, length);
  },
  upload: (buffer, values) => {
    call();
    wasm.upload(buffer, values);
  },
  kernels: Object.fromEntries(
    Object.entries(wasm.kernels).map(([name, kernel]) => [
      name,
      (...args: unknown[]) => {
        call();
        (kernel as (...args: unknown[]) => void).apply(wasm.kernels, args);
      },
    ]),
  ) as Partial<Kernels>,
};
await useBackend(failing, { strict: true });

const held = () => ({ ...memory(), usedBytes: wasm.memoryUsage().usedBytes });
const inputs = Float32Array.from({ length: 5 * 6 }, (_, k) => Math.sin(k * k));
const labels = Int32Array.from([0, 2, 1, 1, 0]);

// What policy step keeps would else go with its network, at any time.
const networks: Sequential[] = [];

/** A training run in steps that may be told to fail. */
async function trainingRun() {
  const net = new Sequential(
    [
      new Dense({ in: 6, out: 10, activation: 'relu', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dense({ in: 10, out: 8, weight: funHash({ ratio: 1 / 2, policy: 'step' }) }),
      new Dense({ in: 8, out: 7, activation: 'tanh', weight: lowRank({ ratio: 1 / 2 }) }),
      new Dense({ in: 7, out: 3 }),
    ],
    { seed: 1 },
  );
  networks.push(net);
  const parameters = net.parameters().map(({ value }) => value);
  const optimizer = await adam({ clipNorm: 1 }).create(net.namedParameters());
  const [x, t] = [tensor(inputs, [5, 6]), tensor(labels)];
  const forward = (within: (y: Tensor) => Tensor): Tensor =>
    net.layers.reduce((y, layer, k) => layer.forward(k === 2 ? within(y) : y), x);
  return {
    values: () => parameters.map((value) => value.toArray()),
    /** Loss and gradients, with `within` applied between the second layer and the third. */
    step: (within = (y: Tensor) => y, beforeUpdate = () => {}) =>
      scope(() => {
        const [loss, gradients] = gradientsOf(() => softmaxCrossEntropy(forward(within), t), parameters);
        beforeUpdate();
        optimizer.update(gradients);
        return loss.item();
      }),
    isRecording: () => isRecording(parameters),
    dispose: () => {
      optimizer.dispose();
      for (const kept of [...parameters, x, t]) kept.dispose();
    },
  };
}

class ModelFailure extends Error {}

const inForward = (): Tensor => {
  throw new ModelFailure();
};
const inVjp = (y: Tensor): Tensor =>
  recorded([y], y.view(y.shape, y.strides, y.offset), () => {
    throw new ModelFailure();
  });

async function expected() {
  const run = await trainingRun();
  const losses = [0, 1, 2, 3].map(() => run.step());
  const result = { losses, values: run.values() };
  run.dispose();
  return result;
}

test('a model that throws in forward or in a vjp', async () => {
  const wanted = await expected();
  const run = await trainingRun();
  const losses = [run.step()];
  const before = held();
  for (const within of [inForward, inVjp, inForward]) {
    expect(() => run.step(within)).toThrow(ModelFailure);
    expect(held()).toEqual(before);
    expect(run.isRecording()).toBe(false);
    losses.push(run.step());
    expect(held()).toEqual(before);
  }
  expect({ losses, values: run.values() }).toEqual(wanted);
  run.dispose();
});

test('a backend that fails at any call of a step', async () => {
  const wanted = await expected();
  const run = await trainingRun();
  const losses = [run.step()];
  const before = held();
  calls = 0;
  let untilUpdate = 0;
  losses.push(
    run.step(undefined, () => {
      untilUpdate = calls;
    }),
  );
  expect(untilUpdate).toBeGreaterThan(60);
  for (let end = 0; end < untilUpdate; end++) {
    failsAfter = end;
    calls = 0;
    expect(() => run.step(), `failure at call ${end}`).toThrow(BackendFailure);
    // The V that policy step keeps is freed before it is decoded anew.
    expect([before.bytes, before.bytes - 8 * 10 * 4]).toContain(memory().bytes);
    expect(run.isRecording()).toBe(false);
    failsAfter = Number.POSITIVE_INFINITY;
  }
  losses.push(run.step(), run.step());
  expect(held()).toEqual(before);
  expect({ losses, values: run.values() }).toEqual(wanted);
  run.dispose();
});

test('a model that throws within fit, and the same fit again', async () => {
  const net = () =>
    new Sequential([new Dense({ in: 6, out: 4, activation: 'tanh' }), new Dense({ in: 4, out: 3 })]);
  const run = async (model: Model, failsAt: number) => {
    let step = 0;
    const loss = (y: Tensor, t: Tensor): Tensor => {
      if (++step === failsAt) throw new ModelFailure();
      return softmaxCrossEntropy(y, t);
    };
    const losses: number[] = [];
    const config = { model, data: { inputs, inputShape: [6], labels }, batchSize: 1, epochs: 2 };
    for await (const event of fit({ ...config, loss, reportEverySteps: 1 }))
      if (event.type === 'step') losses.push(event.loss);
    return losses;
  };
  const [first, second] = [net(), net()];
  for (const model of [first, second]) model.parameters();
  const before = held();
  const losses = await run(first, 0);
  expect(losses).toHaveLength(10);
  expect(held()).toEqual(before);
  await expect(run(second, 7)).rejects.toThrow(ModelFailure);
  expect(held()).toEqual(before);
  const start = net().parameters();
  for (const [k, parameter] of second.parameters().entries()) parameter.assign(start[k]?.value as Tensor);
  expect(await run(second, 0)).toEqual(losses);
});
