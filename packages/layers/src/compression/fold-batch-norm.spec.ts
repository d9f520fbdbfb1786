import { random } from '@funhash/hashing';
import { hashedNet } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { Concat } from '../containers/concat.ts';
import { Residual } from '../containers/residual.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { Conv1d } from '../spatial/conv1d.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { DepthwiseConv2d } from '../spatial/depthwise-conv2d.ts';
import { GlobalAveragePool } from '../spatial/global-average-pool.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';

const drawn = (shape: readonly number[], seed: number): Tensor =>
  tensor(random(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b)), 0.5, 1.5), shape);

/** Gives running statistics, scales and shifts of their own to every normalisation. */
function unsettled(model: Module, seed = 1): void {
  let k = seed;
  for (const member of model.members.values()) {
    k += 10;
    unsettled(member, k);
  }
  if (!(model instanceof BatchNorm)) return;
  for (const parameter of [...model.parameters(), model.statistics.mean])
    parameter.assign(drawn(parameter.value.shape, k++));
  const positive = drawn(model.statistics.variance.value.shape, k).dataSync() as Float32Array;
  model.statistics.variance.assign(tensor(positive.map((value) => 0.1 + value * value)));
}

const normsIn = (model: Module): number =>
  [...model.members.values()].reduce((sum, member) => sum + normsIn(member), 0) +
  (model instanceof BatchNorm ? 1 : 0);

function expectSame(model: Module, x: Tensor, norms: number): Module {
  unsettled(model);
  const wanted = model.forward(x).dataSync();
  const folded = foldBatchNorm(model);
  expect(normsIn(folded)).toBe(norms);
  const size = wanted.reduce<number>((most, value) => Math.max(most, Math.abs(value)), 1);
  folded
    .forward(x)
    .dataSync()
    .forEach((value, k) => {
      expect(Math.abs(value - (wanted[k] as number))).toBeLessThan(2e-5 * size);
    });
  expect(model.forward(x).dataSync()).toEqual(wanted);
  return folded;
}

test('normalisation becomes part of the layer before it, in every kind of branch', async () => {
  const net = new Sequential(
    [
      new Conv2d({ in: 2, out: 3, kernelSize: 3, padding: 1, bias: false }),
      new BatchNorm({ channels: 3, activation: 'relu', epsilon: 0.01 }),
      new Residual(
        new Sequential([
          new DepthwiseConv2d({ in: 3, kernelSize: 3, padding: 1 }),
          new BatchNorm({ channels: 3 }),
        ]),
        {
          shortcut: new Sequential([
            new Conv2d({ in: 3, out: 3, kernelSize: 1 }),
            new BatchNorm({ channels: 3 }),
          ]),
          activation: 'tanh',
        },
      ),
      new Concat([
        new Sequential([]),
        new Sequential([new Conv2d({ in: 3, out: 2, kernelSize: 1 }), new BatchNorm({ channels: 2 })]),
      ]),
      new GlobalAveragePool(),
      new Dense({ in: 5, out: 4 }),
      new BatchNorm({ channels: 4, activation: 'sigmoid' }),
    ],
    { seed: 3 },
  );
  const x = drawn([2, 4, 5, 2], 9);
  const folded = expectSame(net, x, 0);
  expect((await load(await folded.toBytes())).forward(x).dataSync()).toEqual(folded.forward(x).dataSync());
  const line = new Sequential([new Conv1d({ in: 2, out: 3, kernelSize: 2 }), new BatchNorm({ channels: 3 })]);
  expectSame(line, drawn([2, 6, 2], 4), 0);
});

test('virtual weights, activations between and a first normalisation stay', () => {
  const net = new Sequential([
    new BatchNorm({ channels: 3 }),
    new Dense({ in: 3, out: 4, weight: hashedNet({ ratio: 1 / 2 }) }),
    new BatchNorm({ channels: 4 }),
    new Dense({ in: 4, out: 3, activation: 'relu' }),
    new BatchNorm({ channels: 3 }),
    new Dense({ in: 3, out: 2, bias: hashedNet({ values: 2 }) }),
    new BatchNorm({ channels: 2 }),
    new Activation('tanh'),
  ]);
  expectSame(net, drawn([5, 3], 2), 4);
});

test('two in a row: the second has nothing to go into once the first has an activation', () => {
  const net = new Sequential([
    new Dense({ in: 3, out: 4 }),
    new BatchNorm({ channels: 4 }),
    new BatchNorm({ channels: 4, activation: 'relu' }),
    new BatchNorm({ channels: 4 }),
  ]);
  expectSame(net, drawn([5, 3], 2), 1);
});
