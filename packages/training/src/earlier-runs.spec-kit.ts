import { random } from '@funhash/hashing';
import { BatchNorm, Dense, Dropout, hashedNet, type Module, Sequential } from '@funhash/layers';
import type { FitConfig } from './fit-config.ts';
import { adaMax, adamW, errorRate, rmsprop, sgd, shiftAdaMax } from './index.ts';

type Run = FitConfig & { readonly model: Module };

const source = random(11);
const inputs = Float32Array.from({ length: 30 * 4 }, () => source.uniform() - 0.5);
const data = {
  inputs,
  labels: Int32Array.from({ length: 30 }, (_, k) => Number((inputs[4 * k] as number) > 0)),
};

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 4, out: 6, activation: 'relu', weight: hashedNet({ values: 10 }) }),
      new BatchNorm({ channels: 6 }),
      new Dropout({ rate: 0.25 }),
      new Dense({ in: 6, out: 2 }),
    ],
    { seed: 2 },
  );

/** Runs of which checkpoints were kept, by name: each call makes the run anew. */
export const earlierRuns: Readonly<Record<string, () => Run>> = {
  adam: () => ({ model: net(), data, epochs: 4, batchSize: 10, seed: 5 }),
  'early stopping': () => ({
    model: net(),
    data,
    validation: 0.2,
    epochs: 6,
    batchSize: 8,
    metrics: { errorRate },
    earlyStopping: { patience: 5, metric: 'errorRate', goal: 'min' },
    optimizer: adamW({ learningRate: 0.01, weightDecay: 0.1 }),
  }),
  sgd: () => ({
    model: net(),
    data,
    epochs: 4,
    batchSize: 10,
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  }),
  rmsprop: () => ({ model: net(), data, epochs: 4, batchSize: 10, optimizer: rmsprop() }),
  adaMax: () => ({ model: net(), data, epochs: 4, batchSize: 10, optimizer: adaMax() }),
  shiftAdaMax: () => ({ model: net(), data, epochs: 4, batchSize: 10, optimizer: shiftAdaMax() }),
};

/** All that a model holds: the bits of f32, by name. */
export function valuesIn(model: Module): Record<string, number[]> {
  const bits = (values: ArrayLike<number>): number[] => [...new Int32Array(Float32Array.from(values).buffer)];
  return Object.fromEntries(
    [...model.namedParameters(), ...model.namedBuffers()].map(([name, { value }]) => [
      name,
      bits(value.dataSync()),
    ]),
  );
}
