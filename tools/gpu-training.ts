import { createBackend, type GpuMode } from '@funhash/gpu';
import { Dense, LSTM, Sequential, useBackend } from '@funhash/layers';
import { leNet5 } from '@funhash/models';
import { funHash, hashedNet, type WeightRequest } from '@funhash/space';
import { adam, type Examples, fit, type Optimizer, sgd } from '@funhash/training';

/** Real digits, as bytes. */
export interface Digits {
  readonly inputs: Uint8Array;
  readonly labels: Uint8Array;
}

interface Job {
  readonly model: Sequential;
  readonly data: Examples;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
}

const xor: Examples = {
  inputs: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  labels: [0, 1, 1, 0],
};

/** 784-100-10 of virtual weights, on digits. */
const virtualMlp =
  (weight: WeightRequest) =>
  ({ inputs, labels }: Digits): Job => ({
    model: new Sequential([
      new Dense({ in: 784, out: 100, weight, activation: 'relu', seed: 1 }),
      new Dense({ in: 100, out: 10, weight, seed: 2 }),
    ]),
    data: { inputs, labels, inputShape: [784] },
    batchSize: 20,
    optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
  });

const jobs: Readonly<Record<string, (digits: Digits) => Job>> = {
  xor: () => ({
    model: new Sequential([
      new Dense({ in: 2, out: 16, activation: 'tanh', seed: 1 }),
      new Dense({ in: 16, out: 2, seed: 2 }),
    ]),
    data: xor,
    batchSize: 4,
    optimizer: adam({ learningRate: 0.02 }),
  }),
  mlp: ({ inputs, labels }) => ({
    model: new Sequential([
      new Dense({ in: 784, out: 100, activation: 'relu', seed: 1 }),
      new Dense({ in: 100, out: 10, seed: 2 }),
    ]),
    data: { inputs, labels, inputShape: [784] },
    batchSize: 20,
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
  }),
  hashedNet: virtualMlp(hashedNet({ ratio: 1 / 8 })),
  funHash: virtualMlp(funHash({ ratio: 1 / 8, hashes: 2, layers: 2 })),
  lstm: ({ inputs, labels }) => ({
    model: new Sequential([
      new LSTM({ in: 28, hiddenSize: 16, output: 'last', seed: 4 }),
      new Dense({ in: 16, out: 10, seed: 5 }),
    ]),
    data: { inputs, labels, inputShape: [28, 28] },
    batchSize: 16,
    optimizer: adam({ learningRate: 0.005 }),
  }),
  lenet: ({ inputs, labels }) => ({
    model: leNet5({ seed: 3 }),
    data: { inputs, labels, inputShape: [28, 28, 1] },
    batchSize: 8,
    optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
  }),
};

export const trainedNets = Object.keys(jobs);

interface Watch {
  /** A checkpoint of the same net to go on from. */
  readonly resume?: Uint8Array;
  /** Given the loss of each step, and the latest checkpoint: one every ten steps. */
  note?(loss: number, checkpoint: Uint8Array | undefined): void;
}

/** The losses of the first 100 steps of a net on the current backend, those before a resumed checkpoint left out. */
export async function lossesOf(net: string, digits: Digits, { resume, note }: Watch = {}): Promise<number[]> {
  const { model, data, batchSize, optimizer } = (jobs[net] as (digits: Digits) => Job)(digits);
  const losses: number[] = [];
  let checkpoint: Uint8Array | undefined;
  for await (const event of fit({
    ...{ model, data, batchSize, optimizer, epochs: 100, reportEverySteps: 1 },
    ...(note && { checkpoint: { everySteps: 10 } }),
    ...(resume && { resume }),
  })) {
    if (event.type === 'checkpoint') checkpoint = event.bytes;
    if (event.type !== 'step') continue;
    losses.push(event.loss);
    note?.(event.loss, checkpoint);
    if (event.step === 100) break;
  }
  for (const { value } of model.parameters()) value.dispose();
  return losses;
}

/** The largest difference between losses of two backends, relative, at any of 100 steps. */
export async function worstDifference(net: string, digits: Digits, mode: GpuMode): Promise<number> {
  await useBackend('wasm', { strict: true });
  const expected = await lossesOf(net, digits);
  await useBackend(createBackend, { mode, strict: true });
  const found = await lossesOf(net, digits);
  if (found.length !== 100 || !((found[99] as number) < (found[0] as number))) return Number.NaN;
  const differences = found.map((loss, step) => Math.abs(loss / (expected[step] as number) - 1));
  return Math.max(...differences);
}
