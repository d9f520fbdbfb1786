import { hashedNet } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import type { Module } from '../module.ts';
import { layerLaws } from '../testing/layer-laws.ts';
import { GRU } from './gru.ts';

const { input, layers } = GRU.sample;
for (const k of layers().keys())
  for (const law of layerLaws(() => layers()[k] as Module, input)) test(`${k}: ${law.name}`, law.check);

for (const law of layerLaws(
  () => new GRU({ in: 3, hiddenSize: 4, weight: hashedNet({ ratio: 1 / 2 }) }),
  input,
))
  test(`virtual: ${law.name}`, law.check);

// Cho et al. 2014, worked out by hand for one unit: sums of the gates are x + h + biases.
test('a step by hand', () => {
  const layer = new GRU({ in: 1, hiddenSize: 1 });
  const assign = (name: string, values: readonly number[], shape: readonly number[]): void =>
    layer
      .namedParameters()
      .get(name)
      ?.assign(tensor(Float32Array.from(values), shape));
  assign('input.weight.w', [1, 2, -1], [3, 1]);
  assign('input.bias', [0.1, 0, 0.2], [3]);
  assign('recurrent.weight.w', [0.5, -1, 2], [3, 1]);
  assign('recurrent.bias', [0, 0.3, -0.4], [3]);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  let h = 0;
  const expected = [0.5, -1].map((x) => {
    const r = sigmoid(x + 0.1 + 0.5 * h);
    const z = sigmoid(2 * x - h + 0.3);
    const n = Math.tanh(-x + 0.2 + r * (2 * h - 0.4));
    h = (1 - z) * n + z * h;
    return [expect.closeTo(h, 5)];
  });
  expect((layer.forward(tensor([[[0.5], [-1]]])) as Tensor).toArray()).toEqual([expected]);
});
