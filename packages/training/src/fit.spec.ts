import { Dense, hashedNet, Sequential } from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { evaluate, predict } from './evaluate.ts';
import type { Examples } from './examples.ts';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
import { base, bitsOf, data, eventsOf, net, ofType, spirals } from './fit-runs.spec-kit.ts';
import { meanSquaredError, softmaxCrossEntropy } from './losses.ts';
import { errorRate, r2 } from './metrics.ts';
import { adam } from './optimizers/adam.ts';

test('the recipe trains a hashed net to tell two spirals apart', async () => {
  const model = new Sequential(
    [
      new Dense({ in: 2, out: 32, activation: 'relu' }),
      new Dense({ in: 32, out: 32, activation: 'relu', weight: hashedNet({ ratio: 1 / 4 }) }),
      new Dense({ in: 32, out: 2 }),
    ],
    { seed: 1 },
  );
  const validation = spirals(300, 2);
  for await (const _ of fit({ model, data: spirals(400, 1), epochs: 35, batchSize: 50 }));
  const scores = await evaluate(model, validation, { metrics: { errorRate } });
  expect(scores.errorRate).toBeLessThan(0.03);
});

test('events tell of the run, its epochs and its end', async () => {
  const events = await eventsOf({
    ...base(net()),
    validation: spirals(20, 9),
    metrics: { errorRate },
    reportEverySteps: 2,
    epochs: 2,
  });
  expect(events.map(({ type }) => type)).toEqual(['start', 'step', 'epoch', 'step', 'step', 'epoch', 'end']);
  const [start] = ofType(events, 'start');
  expect(start).toEqual({ type: 'start', epoch: 0, step: 0, epochs: 2, steps: 6, storedCount: 34 });
  expect(ofType(events, 'step').map(({ epoch, step }) => [epoch, step])).toEqual([
    [1, 2],
    [2, 4],
    [2, 6],
  ]);
  const [first] = ofType(events, 'epoch');
  expect(first).toMatchObject({ epoch: 1, step: 3 });
  expect(first?.validation?.errorRate).toBeGreaterThanOrEqual(0);
  expect(first?.learningRate).toBeGreaterThan(0);
  expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'finished', epoch: 2, step: 6 });
});

test('the seed decides every bit', async () => {
  const [a, b, c] = [net(), net(), net()];
  const traces = [
    await eventsOf({ ...base(a), reportEverySteps: 1 }),
    await eventsOf({ ...base(b), reportEverySteps: 1 }),
    await eventsOf({ ...base(c), reportEverySteps: 1, seed: 6 }),
  ].map((events) => ofType(events, 'step').map(({ loss }) => loss));
  expect(traces[1]).toEqual(traces[0]);
  expect(bitsOf(b)).toEqual(bitsOf(a));
  expect(traces[2]).not.toEqual(traces[0]);
});

describe('losses', () => {
  const whole = { batchSize: 60, shuffle: false, epochs: 1, reportEverySteps: 1 };
  const plain = () => new Sequential([new Dense({ in: 2, out: 2 })], { seed: 4 });
  const labels = tensor(data.labels);

  test('class weights and label smoothing are those of softmaxCrossEntropy', async () => {
    const options = { classWeights: [0.2, 3], labelSmoothing: 0.1 };
    const [step] = ofType(await eventsOf({ ...base(plain()), ...whole, ...options }), 'step');
    const expected = scope(() =>
      softmaxCrossEntropy(plain().forward(tensor(data.inputs, [60, 2])), labels, {
        labelSmoothing: 0.1,
        classWeights: tensor([0.2, 3]),
      }).item(),
    );
    expect(step?.loss).toBe(expected);
  });

  test('numbers are fitted', async () => {
    const targets = Float32Array.from({ length: 60 }, (_, k) => 2 * (data.inputs[2 * k] as number) - 1);
    const model = new Sequential([new Dense({ in: 2, out: 1 })], { seed: 2 });
    const regression = { inputs: data.inputs, count: 60, targets };
    const options = { loss: meanSquaredError, metrics: { r2 }, validation: regression, epochs: 60 };
    const events = await eventsOf({
      ...base(model),
      ...options,
      data: regression,
      optimizer: adam({ learningRate: 0.05 }),
      batchSize: 10,
    });
    expect(ofType(events, 'epoch').at(-1)?.validation?.r2).toBeGreaterThan(0.999);
    const { data: y, shape } = await predict(model, [[0.5, 9]]);
    expect(shape).toEqual([1, 1]);
    expect(y[0]).toBeCloseTo(0, 1);
  });
});

test('a function as data gets the epoch; without stepsPerEpoch a schedule that ends refuses', async () => {
  const epochs: number[] = [];
  const batches = (epoch: number): Examples[] => {
    epochs.push(epoch);
    return [{ inputs: data.inputs, labels: data.labels }];
  };
  await expect(eventsOf({ ...base(net()), data: batches })).rejects.toThrow(/stepsPerEpoch/);
  epochs.length = 0;
  const events = await eventsOf({ ...base(net()), data: batches, optimizer: adam(), epochs: 3 });
  expect(epochs).toEqual([0, 1, 2]);
  expect(events[0]).toMatchObject({ type: 'start', steps: undefined });
  await expect(eventsOf({ ...base(net()), data: () => [], stepsPerEpoch: 1 })).rejects.toThrow(
    /batches in epoch 1/,
  );
});

test.each<[Partial<FitConfig>, RegExp]>([
  [{ epochs: -1 }, /epochs: a whole number ≥ 0, got -1/],
  [{ seed: 0.5 }, /seed: a whole number/],
  [{ batchSize: 0 }, /batchSize/],
  [{ reportEverySteps: 0 }, /reportEverySteps/],
  [{ checkpoint: { everySteps: 1.5 } }, /fit.checkpoint: expected everySteps/],
  [{ validation: 2 }, /validation share/],
  [{ data: () => [], validation: 0.1 }, /examples in memory only/],
  [{ loss: meanSquaredError, labelSmoothing: 0.1 }, /State them in your loss/],
  [{ labelSmoothing: 2 }, /labelSmoothing: a number from 0 to 1/],
  [{ classWeights: [1, Number.NaN] }, /classWeights: a number ≥ 0 for each class/],
  [{ earlyStopping: { patience: 1 } }, /validation examples with earlyStopping/],
  [{ validation: 0.1, earlyStopping: { patience: 0 } }, /patience/],
  [{ validation: 0.1, earlyStopping: { patience: 1, metric: 'x' } }, /metric among loss, got x/],
  [{ validation: 0.1, metrics: { errorRate }, earlyStopping: { patience: 1, metric: 'errorRate' } }, /goal/],
  [
    { optimizer: adam({ learningRate: () => Number.NaN }) },
    /schedule that gives a learning rate ≥ 0 at step 0/,
  ],
  [{ model: { forward: (x) => x, namedParameters: () => new Map() } }, /a model with parameters/],
])('configuration %# is refused, nothing trained', async (change, message) => {
  const model = net();
  const before = bitsOf(model);
  await expect(eventsOf({ ...base(model), ...change })).rejects.toThrow(message);
  expect(bitsOf(model)).toEqual(before);
});
