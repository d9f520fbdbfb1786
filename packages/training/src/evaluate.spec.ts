import { Dense, Dropout, Sequential } from '@funhash/layers';
import { scope, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { evaluate, predict } from './evaluate.ts';
import { meanSquaredError, softmaxCrossEntropy } from './losses.ts';
import { accuracy, meanAbsoluteError } from './metrics.ts';

const model = new Sequential([new Dropout({ rate: 0.5 }), new Dense({ in: 3, out: 2 })], { seed: 3 });
const inputs = Float32Array.from({ length: 21 }, (_, k) => Math.sin(k));
const labels = Int32Array.of(0, 1, 1, 0, 1, 0, 0);
const outputs = () => scope(() => model.forward(tensor(inputs, [7, 3])));

test('loss and metrics are those of the whole, in any batches, dropout at rest', async () => {
  const expected = scope(() => softmaxCrossEntropy(outputs(), tensor(labels)).item());
  const score = accuracy({ shape: [7, 2], data: outputs().dataSync() }, { shape: [7], data: labels });
  for (const batchSize of [1, 3, 7, 100]) {
    const scores = await evaluate(model, { inputs, labels }, { metrics: { accuracy }, batchSize });
    expect(scores.loss).toBeCloseTo(expected, 6);
    expect(scores.accuracy).toBe(score);
  }
  const batches = [
    { inputs: inputs.subarray(0, 6), labels: labels.subarray(0, 2) },
    { inputs: inputs.subarray(6), labels: labels.subarray(2) },
  ];
  expect((await evaluate(model, batches)).loss).toBeCloseTo(expected, 6);
});

test('other losses, against targets', async () => {
  const zero = { inputs, count: 7, targets: new Float32Array(14) };
  const scores = await evaluate(model, zero, { loss: meanSquaredError, metrics: { meanAbsoluteError } });
  const y = Array.from(outputs().dataSync());
  expect(scores.loss).toBeCloseTo(y.reduce((sum, x) => sum + x * x, 0) / 14, 6);
  expect(scores.meanAbsoluteError).toBeCloseTo(y.reduce((sum, x) => sum + Math.abs(x), 0) / 14, 6);
});

test('predictions in any batches', async () => {
  for (const batchSize of [2, 7])
    expect(await predict(model, inputs, { batchSize, count: 7 })).toEqual({
      shape: [7, 2],
      data: outputs().dataSync(),
    });
  const rows = Array.from({ length: 7 }, (_, k) => Array.from(inputs.subarray(3 * k, 3 * k + 3)));
  expect(await predict(model, rows)).toEqual({ shape: [7, 2], data: outputs().dataSync() });
});

test('nothing, and bad batch sizes, are refused', async () => {
  await expect(evaluate(model, [])).rejects.toThrow(/expected examples, got none/);
  await expect(evaluate(model, { inputs, labels }, { batchSize: 0.5 })).rejects.toThrow(/batchSize/);
  await expect(predict(model, inputs, { count: 7, batchSize: 0 })).rejects.toThrow(/batchSize/);
});
