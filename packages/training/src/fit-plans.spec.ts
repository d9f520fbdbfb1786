import { abs, mean, multiply, sqrt } from '@funhash/autodiff';
import {
  BatchNorm,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  funHash,
  GRU,
  hashedNet,
  LSTM,
  type Module,
  Sequential,
  stochasticBinary,
  type WasmBackend,
} from '@funhash/layers';
import { type Backend, currentBackend, type Kernels, type Tensor, useBackend } from '@funhash/tensor';
import { afterAll, describe, expect, test } from 'vitest';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
import { softmaxCrossEntropy } from './losses.ts';
import type { Optimizer } from './optimizer.ts';
import { adam } from './optimizers/adam.ts';
import { lion } from './optimizers/lion.ts';
import { sgd } from './optimizers/sgd.ts';

const atStart = currentBackend();
afterAll(async () => void (await useBackend(atStart)));

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, k) => Math.sin(k * k + 1));

/** Nets on inputs of a shape, with three outputs. */
const nets: Readonly<Record<string, { readonly input: readonly number[]; make(): Module }>> = {
  dense: {
    input: [6],
    make: () =>
      new Sequential([new Dense({ in: 6, out: 7, activation: 'tanh' }), new Dense({ in: 7, out: 3 })]),
  },
  'hashed, decoded once a step, with dropout': {
    input: [6],
    make: () =>
      new Sequential([
        new Dense({
          in: 6,
          out: 9,
          activation: 'relu',
          weight: hashedNet({ ratio: 1 / 4, policy: 'step' }),
        }),
        new Dropout({ rate: 0.4 }),
        new Dense({ in: 9, out: 9, activation: 'relu', weight: funHash({ ratio: 1 / 2 }) }),
        new Dropout({ rate: 0.2 }),
        new Dense({ in: 9, out: 3 }),
      ]),
  },
  'drawn weights and running statistics': {
    input: [6],
    make: () =>
      new Sequential([
        new Dense({ in: 6, out: 8, weight: stochasticBinary() }),
        new BatchNorm({ channels: 8, activation: 'relu' }),
        new Dense({ in: 8, out: 3 }),
      ]),
  },
  convolutions: {
    input: [6, 6, 2],
    make: () =>
      new Sequential([
        new Conv2d({ in: 2, out: 4, kernelSize: 3, padding: 1 }),
        new BatchNorm({ channels: 4, activation: 'relu' }),
        new Conv2d({ in: 4, out: 5, kernelSize: 3, stride: 2, activation: 'relu' }),
        new Flatten(),
        new Dense({ in: 20, out: 3 }),
      ]),
  },
  recurrent: {
    input: [5, 4],
    make: () =>
      new Sequential([
        new LSTM({ in: 4, hiddenSize: 6 }),
        new GRU({ in: 6, hiddenSize: 5, output: 'last' }),
        new Dense({ in: 5, out: 3 }),
      ]),
  },
};

const count = 13;
const labels = Int32Array.from({ length: count }, (_, k) => (k * k) % 3);

const labels20 = Int32Array.from({ length: 20 }, (_, k) => (k * k) % 3);

interface Counted {
  readonly model: Module;
  forwards(): number;
}

function counted(make: () => Module): Counted {
  const model = make();
  let forwards = 0;
  const forward = model.forward.bind(model);
  model.forward = (...args) => {
    forwards++;
    return forward(...args);
  };
  return { model, forwards: () => forwards };
}

const storedBits = async (model: Module): Promise<number[][]> =>
  Promise.all(
    [...model.namedParameters().values(), ...model.namedBuffers().values()].map(async ({ value }) => [
      ...new Int32Array((await value.data()).slice().buffer),
    ]),
  );

/** Trains by plans and without, and gives what each came to. */
async function both(
  { input, make }: (typeof nets)[string],
  config: Partial<FitConfig> = {},
): Promise<{ losses: number[]; bits: number[][]; forwards: number }[]> {
  const size = input.reduce((a, b) => a * b, 1);
  const data = { inputs: wave(count * size), inputShape: input, labels };
  const results = [];
  for (const plans of [true, false]) {
    const { model, forwards } = counted(make);
    const losses: number[] = [];
    for await (const event of fit({
      ...{ model, data, epochs: 3, batchSize: 5, seed: 3, reportEverySteps: 1, plans },
      ...config,
    }))
      if (event.type === 'step') losses.push(event.loss);
    results.push({ losses, bits: await storedBits(model), forwards: forwards() });
  }
  return results;
}

describe.each([
  ['reference', {}],
  ['wasm', { strict: true }],
  ['wasm', { threads: 2 }],
  ['gpu', { mode: 'cpu' }],
] as const)('on %s %o, steps taken by plans give the bits of those that are not', (name, options) => {
  test.each(Object.entries(nets))('%s', async (title, net) => {
    if (name === 'gpu' && !['dense', 'drawn weights and running statistics'].includes(title)) return;
    await useBackend(name, options as never);
    const [planned, eager] = await both(net, name === 'gpu' ? { epochs: 2 } : {});
    expect(planned?.losses).toEqual(eager?.losses);
    expect(planned?.bits).toEqual(eager?.bits);
    // Two steps of full batches and two of the last, smaller ones were recorded.
    if (name !== 'gpu') expect(planned?.forwards).toBeLessThanOrEqual(6);
    expect(eager?.forwards).toBe(name === 'gpu' ? 6 : 9);
  });
});

describe('on wasm', () => {
  const net = nets.dense as (typeof nets)[string];

  test.each<[string, Optimizer, Partial<FitConfig>?]>([
    ['sgd', sgd({ momentum: 0.9, nesterov: true, learningRate: 0.1, weightDecay: 0.01 })],
    ['adam', adam({ clipNorm: 0.1 })],
    ['sgd, its gradients checked', sgd({ momentum: 0.9 }), { checkGradients: true }],
    ['lion', lion({ learningRate: (step) => 0.01 / (1 + step), clipValue: 0.1 })],
  ])('so do those of %s with all that changes from step to step', async (_, optimizer, more = {}) => {
    await useBackend('wasm');
    const [planned, eager] = await both(net, {
      optimizer,
      schedule: (step) => 1 / (1 + step),
      average: { decay: 0.9 },
      ...more,
    });
    expect(planned?.losses).toEqual(eager?.losses);
    expect(planned?.bits).toEqual(eager?.bits);
    expect(planned?.forwards).toBeLessThan(eager?.forwards as number);
  });

  test('layers and losses of others are planned when told, and not before', async () => {
    await useBackend('wasm');
    const own = (y: Tensor, t: Tensor): Tensor => softmaxCrossEntropy(y, t);
    const forwardsOf = async (config: Partial<FitConfig>): Promise<number> => {
      const { model, forwards } = counted(net.make);
      await fit({
        model,
        data: { inputs: wave(20 * 6), labels: labels20 },
        epochs: 2,
        batchSize: 5,
        ...config,
      });
      return forwards();
    };
    expect(await forwardsOf({})).toBe(2);
    expect(await forwardsOf({ loss: softmaxCrossEntropy })).toBe(2);
    expect(await forwardsOf({ loss: own })).toBe(8);
    expect(await forwardsOf({ loss: own, plans: true })).toBe(2);
    expect(await forwardsOf({ plans: false })).toBe(8);
  });

  test('steps that do not repeat are taken as they are', async () => {
    await useBackend('wasm');
    let step = 0;
    const changing = (y: Tensor, t: Tensor): Tensor => multiply(softmaxCrossEntropy(y, t), 1 + step++);
    const reading = (y: Tensor, t: Tensor): Tensor => multiply(softmaxCrossEntropy(y, t), mean(y).item());
    for (const loss of [changing, reading]) {
      const results = [];
      for (const plans of [true, false]) {
        step = 0;
        const [result] = await both(net, { loss, plans });
        results.push(result);
      }
      expect(results[0]).toEqual(results[1]);
    }
  });

  test('a batch that a plan cannot take is refused as the step itself refuses it, and changes nothing', async () => {
    await useBackend('wasm');
    for (const fault of ['label', 'value'] as const) {
      const model = new Sequential([
        new Dense({ in: 2, out: 4 }),
        new BatchNorm({ channels: 4 }),
        new Dense({ in: 4, out: 3 }),
      ]);
      let before: number[][] = [];
      const batches = async function* () {
        for (let k = 0; k < 6; k++) {
          if (k === 5) before = await storedBits(model);
          const inputs = wave(8);
          if (k === 5 && fault === 'value') inputs[3] = Number.NaN;
          yield { inputs, labels: Int32Array.of(0, 1, 2, k === 5 && fault === 'label' ? 3 : 0) };
        }
      };
      const run = fit({
        model,
        data: batches,
        epochs: 1,
        plans: true,
        optimizer: sgd(),
        loss: (y, t) => softmaxCrossEntropy(y, t),
      });
      await expect(run).rejects.toThrow(fault === 'label' ? 'indices from 0 to 2' : 'loss');
      expect(await storedBits(model)).toEqual(before);
    }
  });

  test('a plan finds gradients that are not finite, and the step itself names them', async () => {
    await useBackend('wasm');
    const { model, forwards } = counted(net.make);
    // √ has the slope ∞ at 0: where an output of the last layer is 0, the loss is finite and its gradient is not.
    const loss = (y: Tensor, t: Tensor): Tensor => mean(sqrt(abs(multiply(y, t))));
    let before: number[][] = [];
    const data = async function* () {
      for (let k = 0; k < 6; k++) {
        if (k === 5) before = await storedBits(model);
        yield { inputs: wave(6), inputShape: [6], targets: new Float32Array(3).fill(k === 5 ? 0 : 1) };
      }
    };
    const run = fit({ model, data, loss, plans: true, checkGradients: true, optimizer: sgd(), epochs: 1 });
    await expect(run).rejects.toThrow(/finite gradient of 0\.weight\.w, got NaN in epoch 1, step 6/);
    expect(await storedBits(model)).toEqual(before);
    expect(forwards()).toBe(3);
  });

  test('a matrix that is decoded as it is used is in no memory of a plan', async () => {
    const backend = (await useBackend('wasm')) as WasmBackend;
    const size = 2000;
    const weight = hashedNet({ ratio: 1 / 1024, policy: 'tile' });
    const { model, forwards } = counted(
      () => new Sequential([new Dense({ in: size, out: size, weight }), new Dense({ in: size, out: 2 })]),
    );
    model.parameters();
    const before = backend.memoryUsage().usedBytes;
    let most = 0;
    const data = {
      inputs: wave(16 * size),
      inputShape: [size],
      labels: labels20.subarray(0, 16).map((k) => k % 2),
    };
    for await (const event of fit({ model, data, batchSize: 2, epochs: 1, reportEverySteps: 1 }))
      if (event.type === 'step') most = Math.max(most, backend.memoryUsage().usedBytes - before);
    expect(forwards()).toBe(2);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan((size * size * 4) / 8);
  });

  test('kernels that somebody watches are all seen', async () => {
    const wasm = (await useBackend('wasm')) as Backend;
    let calls = 0;
    const kernels = Object.fromEntries(
      Object.entries(wasm.kernels).map(([name, kernel]) => [
        name,
        (...args: unknown[]) => {
          calls++;
          (kernel as (...args: unknown[]) => void).apply(wasm.kernels, args);
        },
      ]),
    ) as Partial<Kernels>;
    await useBackend({ ...wasm, kernels });
    const callsOf = async (plans: boolean): Promise<number> => {
      const model = net.make();
      calls = 0;
      await fit({
        model,
        data: { inputs: wave(120), labels: labels20 },
        epochs: 4,
        batchSize: 5,
        plans,
      });
      return calls;
    };
    expect(await callsOf(true)).toBe(await callsOf(false));
  });
});
