import { BatchNorm, Dense, Dropout, hashedNet, Sequential } from '@funhash/layers';
import { memory, type Tensor, useBackend } from '@funhash/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { valuesIn } from './earlier-runs.spec-kit.ts';
import { findLearningRate } from './find-learning-rate.ts';
import { fit } from './fit.ts';
import { spirals } from './fit-runs.spec-kit.ts';
import { meanSquaredError, softmaxCrossEntropy } from './losses.ts';
import { adam } from './optimizers/adam.ts';
import { sgd } from './optimizers/sgd.ts';
import { cosine } from './schedules.ts';

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 16, weight: hashedNet({ ratio: 1 / 2 }) }),
      new BatchNorm({ channels: 16, activation: 'relu' }),
      new Dropout({ rate: 0.1 }),
      new Dense({ in: 16, out: 2 }),
    ],
    { seed: 3 },
  );
const data = spirals(60, 4);

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test('the ramp is exponential, the network unchanged, the curve decided by the seed', async () => {
    const model = net();
    model.parameters();
    model.namedBuffers();
    const [before, held] = [valuesIn(model), memory()];
    const config = { model, data, batchSize: 12, steps: 40, from: 1e-4, to: 1, optimizer: adam(), seed: 7 };
    const { points, suggestion } = await findLearningRate(config);
    expect(valuesIn(model)).toEqual(before);
    expect(model.signature).toBeUndefined();
    expect(memory()).toEqual(held);
    for (const [k, { learningRate }] of points.entries())
      expect(learningRate / (1e-4 * 10 ** ((4 * k) / 39))).toBeCloseTo(1, 9);
    expect(points.length).toBeGreaterThan(30);
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(await findLearningRate(config)).toEqual({ points, suggestion });
    expect((await findLearningRate({ ...config, seed: 8 })).points).not.toEqual(points);
    // A schedule of its own is taken out again.
    const scheduled = { ...config, optimizer: adam({ learningRate: (step) => 0.3 / (step + 1) }) };
    const other = await findLearningRate(scheduled);
    expect(other.points.map(({ learningRate }) => learningRate)).toEqual(
      points.map(({ learningRate }) => expect.closeTo(learningRate, 9)),
    );
  });

  test('a quadratic: the suggestion is below the rate at which descent becomes unstable, and trains', async () => {
    const inputs = Array.from({ length: 32 }, (_, k) => [Math.sin(k), Math.cos(3 * k)]);
    const targets = inputs.map(([a = 0, b = 0]) => [3 * a - 2 * b + 1]);
    const model = new Dense({ in: 2, out: 1, seed: 5 });
    const optimizer = sgd({ learningRate: 1 });
    const rest = { model, data: { inputs, targets }, loss: meanSquaredError, batchSize: 32 };
    const { points, suggestion = 0 } = await findLearningRate({ ...rest, optimizer, from: 1e-5, to: 100 });
    // The largest curvature of the mean of squares is 2 · λ of the inputs' second moments, about 2: unstable above 1.
    expect(suggestion).toBeGreaterThan(0.01);
    expect(suggestion).toBeLessThan(1);
    expect(points.length).toBeLessThan(100);
    const { loss } = await fit({ ...rest, optimizer: sgd({ learningRate: suggestion }), epochs: 200 });
    expect(loss).toBeLessThan(1e-3);
  });
});

test('an error leaves the network as it was, and frees what was held', async () => {
  const model = net();
  const [before, held] = [valuesIn(model), memory()];
  let step = 0;
  const loss = (y: Tensor, t: Tensor): Tensor => {
    if (++step === 5) throw new Error('boom');
    return softmaxCrossEntropy(y, t);
  };
  await expect(findLearningRate({ model, data, loss })).rejects.toThrow('boom');
  expect(valuesIn(model)).toEqual(before);
  expect(memory()).toEqual(held);
});

test('labels that say nothing, a rate that is 0, a ramp that falls', async () => {
  const model = net();
  const zero = { inputs: new Float32Array(40), labels: new Int32Array(20).map((_, k) => k % 2) };
  const { points } = await findLearningRate({
    model,
    data: zero,
    batchSize: 20,
    freeze: ['0', '1', '3.weight'],
    to: 1e-3,
  });
  expect(points).toHaveLength(100);
  const refused = (config: object) => expect(findLearningRate({ model, data, ...config })).rejects;
  await refused({ optimizer: adam({ learningRate: 0 }) }).toThrow('adam with a learning rate above 0');
  await refused({ from: 1, to: 0.1 }).toThrow('expected from below to, got 1 and 0.1');
  await refused({ epochs: 3 }).toThrow('findLearningRate: unknown option epochs');
  await refused({ schedule: cosine() }).toThrow('unknown option schedule');
});
