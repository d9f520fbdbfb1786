import { readFileSync } from 'node:fs';
import * as layers from '@funhash/layers';
import {
  averagePool,
  BatchNorm,
  Conv2d,
  Dense,
  Flatten,
  LSTM,
  type Module,
  maxPool,
  random,
  repeat,
  Sequential,
  standardDeviation,
  type Tensor,
  tensor,
  tile,
  upsampleBilinear,
  upsampleNearest,
  variance,
} from '@funhash/layers';
import * as training from '@funhash/training';
import { describe, expect, test } from 'vitest';
import pytorch from './from-pytorch.fixtures.json' with { type: 'json' };

const page = readFileSync(new URL('from-pytorch.md', import.meta.url), 'utf8');

/** Names that begin a code span in the last column of a table, which methods and dtypes do not. */
const named = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .flatMap((line) =>
    Array.from(
      line
        .split('|')
        .at(-2)
        ?.matchAll(/`([a-zA-Z]\w*)(?=[`(])/g) ?? [],
      ([, name]) => name,
    ),
  )
  .filter((name): name is string => name !== undefined);

const options = new Set(['axis', 'keepDims', 'ddof', 'f32', 'f64', 'i32', 'u8', 'grad']);
const exported: Record<string, unknown> = { ...layers, ...training };

test('every name on the right of from-pytorch.md is an export', () => {
  expect(named.length).toBeGreaterThan(120);
  expect([...new Set(named)].filter((name) => !(name in exported) && !options.has(name))).toEqual([]);
});

test('every op, layer, loss, optimiser and metric is named in hand-written pages', () => {
  const pages = ['from-pytorch', 'guide', 'browsers', 'scheme-authors', 'backends', 'schemes/index'];
  const text = pages.map((name) => readFileSync(new URL(`${name}.md`, import.meta.url), 'utf8')).join('\n');
  const words = new Set(text.match(/\w+/g));
  expect(Object.keys(exported).filter((name) => !words.has(name))).toEqual([]);
});

describe('what the page says of PyTorch', () => {
  const f64 = (values: object): Tensor => tensor(values as number[], undefined, { dtype: 'f64' });
  const requireClose = (actual: Tensor, expected: object | number): void => {
    const wanted = [expected].flat(4) as number[];
    expect(actual.size).toBe(wanted.length);
    actual.dataSync().forEach((value, k) => {
      expect(value).toBeCloseTo(wanted[k] as number, 10);
    });
  };
  const assign = (model: Module, values: Readonly<Record<string, object>>): void => {
    const named = model.namedParameters();
    for (const [name, value] of Object.entries(values)) named.get(name)?.assign(f64(value));
  };

  test('kernels, and columns behind a Flatten', () => {
    const { x, kernel, convBias, matrix, denseBias, y } = pytorch.network;
    const layers = [
      new Conv2d({ in: 3, out: 2, kernelSize: 3 }),
      new Flatten(),
      new Dense({ in: 16, out: 3 }),
    ];
    const net = new Sequential(layers, { dtype: 'f64' });
    assign(net, { '0.weight.w': kernel, '0.bias': convBias, '2.weight.w': matrix, '2.bias': denseBias });
    requireClose(net.forward(f64(x)), y);
  });

  test('BatchNorm', () => {
    const norm = new BatchNorm({ channels: 2, dtype: 'f64' });
    const x = f64(pytorch.batchNorm.x);
    requireClose(norm.forward(x, { training: true, random: random(1) }), pytorch.batchNorm.trained);
    requireClose(norm.statistics.mean.value, pytorch.batchNorm.mean);
    requireClose(norm.statistics.variance.value, pytorch.batchNorm.variance);
    requireClose(norm.forward(x), pytorch.batchNorm.y);
  });

  test('LSTM', () => {
    const { x, input, recurrent, bias, y } = pytorch.lstm;
    const lstm = new LSTM({ in: 3, hiddenSize: 2, forgetBias: 0, dtype: 'f64' });
    assign(lstm, { 'input.weight.w': input, 'recurrent.weight.w': recurrent, 'input.bias': bias });
    requireClose(lstm.forward(f64(x)), y);
  });

  test('losses', () => {
    const { losses } = pytorch;
    const [y, t, labels] = [f64(losses.y), f64(losses.t), tensor(losses.labels, [4], { dtype: 'i32' })];
    requireClose(training.meanSquaredError(y, t), losses.meanSquaredError);
    requireClose(layers.mean(layers.abs(layers.subtract(y, t))), losses.meanAbsoluteError);
    requireClose(training.huber(y, t), losses.huber);
    requireClose(
      training.binaryCrossEntropyWithLogits(y, layers.sigmoid(t)),
      losses.binaryCrossEntropyWithLogits,
    );
    requireClose(training.softmaxCrossEntropy(y, labels), losses.softmaxCrossEntropy);
    const told = { labelSmoothing: 0.1, classWeights: f64([1, 2, 4]) };
    requireClose(training.softmaxCrossEntropy(y, labels, told), losses.smoothed);
  });

  test('ops', () => {
    const { ops, network } = pytorch;
    const [line, images, small] = [f64([1, 2, 4]), f64(network.x), f64(ops.small)];
    requireClose(variance(line, { ddof: 1 }), ops.variance);
    requireClose(standardDeviation(line, { ddof: 1 }), ops.standardDeviation);
    requireClose(tile(line, [2, 2]), ops.tile);
    requireClose(repeat(line, 2), ops.repeat);
    requireClose(averagePool(images, { kernel: 2, padding: 1 }), ops.averagePool);
    requireClose(maxPool(images, { kernel: 2 }), ops.maxPool);
    requireClose(upsampleNearest(small, 2), ops.upsampleNearest);
    requireClose(upsampleBilinear(small, 2), ops.upsampleBilinear);
  });

  test('start values', () => {
    const own = {
      dense: new Dense({ in: 64, out: 2000 }),
      conv: new Conv2d({ in: 16, out: 800, kernelSize: 3 }),
    };
    for (const name of ['dense', 'conv'] as const) {
      const { weight } = own[name];
      expect(pytorch.start[name]).toBeCloseTo(1 / 3, 2);
      expect(variance(weight.decode()).item() * weight.cols).toBeCloseTo(2, 1);
    }
  });
});
