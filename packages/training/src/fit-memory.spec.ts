import { square, sum } from '@funhash/autodiff';
import { Dense, Dropout, Sequential } from '@funhash/layers';
import { currentBackend, memory, type Tensor, useBackend } from '@funhash/tensor';
import { afterAll, expect, test } from 'vitest';
import { DivergedError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { fit } from './fit.ts';
import { meanSquaredError } from './losses.ts';
import { adam } from './optimizers/adam.ts';
import { sgd } from './optimizers/sgd.ts';
import type { PenaltyPass } from './penalty.ts';

// In a file of its own: tensors that other tests left to the collector would change the count.

const atStart = currentBackend();
afterAll(async () => void (await useBackend(atStart)));

const model = new Sequential([new Dense({ in: 2, out: 2 })], { seed: 4 });
const parameters = model.parameters();
const data = {
  inputs: [
    [0.1, 2],
    [1, -1],
    [3, 0.5],
    [-2, 1],
  ],
  labels: [0, 1, 1, 0],
};
const config = { model, data, batchSize: 1, reportEverySteps: 1 };

test('memory is constant over 400 steps, and all free at the end', async () => {
  const before = memory();
  const seen = new Set<string>();
  const optimizer = adam({ clipNorm: 1 });
  // After two steps there is a plan.
  for await (const event of fit({ ...config, epochs: 100, classWeights: [1, 2], optimizer }))
    if (event.type === 'step' && event.step > 2) seen.add(JSON.stringify(memory()));
  expect(seen.size).toBe(1);
  expect(memory()).toEqual(before);
  expect(parameters.every(({ value }) => !value.isDisposed)).toBe(true);
});

test('so it is with all that a step may do besides', async () => {
  const before = memory();
  const seen = new Set<string>();
  const penalty = ({ parameters: own }: PenaltyPass) => sum(square(own.get('0.weight.w') as Tensor));
  const more = { accumulate: 3, freeze: ['0.bias'], average: { decay: 0.9 }, checkGradients: true, penalty };
  for await (const event of fit({ ...config, ...more, validation: data, epochs: 20 }))
    if (event.type === 'step') seen.add(JSON.stringify(memory()));
  expect(seen.size).toBe(1);
  expect(memory()).toEqual(before);
});

test('memory is free where the loop is left, where training fails, and after judging', async () => {
  const before = memory();
  for await (const event of fit({ ...config, epochs: 1 })) if (event.type === 'step') break;
  expect(memory()).toEqual(before);
  const broken = { inputs: [[Number.NaN, 1]], labels: [0] };
  const run = async () => {
    for await (const _ of fit({ ...config, data: broken, epochs: 1, classWeights: [1, 1] }));
  };
  await expect(run()).rejects.toThrow(DivergedError);
  expect(memory()).toEqual(before);
  await evaluate(model, data);
  expect(memory()).toEqual(before);
});

test('10 000 steps by a plan hold no more than ten', async () => {
  await useBackend('wasm');
  const before = memory();
  const seen = new Set<string>();
  const own = new Sequential([
    new Dense({ in: 2, out: 3 }),
    new Dropout({ rate: 0.5 }),
    new Dense({ in: 3, out: 1 }),
  ]);
  const ownData = {
    inputs: new Float32Array(40).fill(0.5),
    targets: new Float32Array(20).fill(1),
    count: 20,
  };
  const optimizer = sgd({ learningRate: 0.001 });
  for await (const event of fit({
    ...{
      model: own,
      data: ownData,
      loss: meanSquaredError,
      optimizer,
      epochs: 1000,
      batchSize: 2,
      reportEverySteps: 1000,
    },
  }))
    if (event.type === 'step') seen.add(JSON.stringify(memory()));
  expect(seen.size).toBe(1);
  expect(memory().buffers - before.buffers).toBe(own.parameters().length);
});
