import { argMax, gradientsOf, multiply, softmaxCrossEntropy, subtract } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import {
  dense,
  funHash,
  hashedNet,
  lowRank,
  productHash,
  randomEdgeRemoval,
  robe,
  SharedSpace,
  schemes,
  tiles,
  type WeightRequest,
} from '@funhash/space';
import { memory, scope, type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { Dropout } from './dropout.ts';
import type { Module } from './module.ts';

/** One step of gradient descent with momentum, by hand; returns the loss before it. */
function descent(model: Module, learningRate: number): (x: Tensor, labels: Tensor) => number {
  const momentum = model.parameters().map(({ value }) => new Float32Array(value.size));
  const draw = random(1);
  return (x, labels) =>
    scope(() => {
      const parameters = model.parameters();
      const [loss, gradients] = gradientsOf(
        () => softmaxCrossEntropy(model.forward(x, { training: true, random: draw }), labels),
        parameters.map(({ value }) => value),
      );
      parameters.forEach((parameter, k) => {
        const velocity = momentum[k] as Float32Array;
        (gradients[k] as Tensor).dataSync().forEach((g, i) => {
          velocity[i] = 0.9 * (velocity[i] as number) + g;
        });
        const step = multiply(tensor(velocity, parameter.value.shape), learningRate);
        parameter.assign(subtract(parameter.value, step));
      });
      return loss.item();
    });
}

const accuracyOf = (model: Module, x: Tensor, labels: Tensor): number =>
  scope(() => {
    const guesses = argMax(model.forward(x)).dataSync();
    const right = labels.dataSync().filter((label, k) => label === guesses[k]).length;
    return right / guesses.length;
  });

/** Two spirals of one turn each, with noise: [n, 2] and labels [n]. */
function spirals(count: number, seed: number): { x: Tensor; labels: Tensor } {
  const draw = random(seed);
  const points = Array.from({ length: count }, (_, k) => {
    const radius = 0.15 + 0.85 * draw.uniform();
    const angle = 2 * Math.PI * radius + Math.PI * (k % 2);
    const noisy = (value: number): number => radius * value + 0.02 * draw.normal();
    return [noisy(Math.cos(angle)), noisy(Math.sin(angle))];
  });
  return { x: tensor(points), labels: tensor(Int32Array.from({ length: count }, (_, k) => k % 2)) };
}

test.each(['hashedNet', 'funHash'] as const)('%s at 1/8 learns two spirals in constant memory', (name) => {
  const seen = spirals(200, 1);
  const unseen = spirals(400, 2);
  const net = new Sequential([
    new Dense({ in: 2, out: 32, activation: 'tanh', std: 2 }),
    new Dense({ in: 32, out: 32, activation: 'tanh', weight: schemes[name]({ ratio: 1 / 8 }) }),
    new Dense({ in: 32, out: 2 }),
  ]);
  const step = descent(net, 0.05);
  const losses = [step(seen.x, seen.labels)];
  const settled = memory();
  while (losses.length < 150) losses.push(step(seen.x, seen.labels));
  expect(memory()).toEqual(settled);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 5);
  expect(accuracyOf(net, unseen.x, unseen.labels)).toBeGreaterThanOrEqual(0.97);
});

const xorX = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const xorLabels = tensor([0, 1, 1, 0], [4], { dtype: 'i32' });

test.each<[string, () => WeightRequest]>([
  ['dense', () => dense()],
  ['hashedNet', () => hashedNet({ ratio: 1 / 2 })],
  ['hashedNet in a shared space', () => hashedNet({ space: new SharedSpace({ values: 16 }) })],
  ['funHash', () => funHash({ values: 20 })],
  ['funHash without network', () => funHash({ values: 16, hashes: 1, layers: 1 })],
  ['funHash in dual space', () => funHash({ values: 24, dual: true })],
  ['funHash of two hops', () => funHash({ values: 32, hops: 2 })],
  ['lowRank', () => lowRank({ rank: 2 })],
  ['productHash', () => productHash({ ratio: 1 / 2 })],
  // At 1/2 each unit would keep one of its two inputs, and sums of functions of one input are never XOR.
  ['randomEdgeRemoval', () => randomEdgeRemoval({ blockRows: 2, blockCols: 1 })],
  ['robe', () => robe({ values: 16, block: 4 })],
  ['tiles', () => tiles({ values: 16, side: 2 })],
])('%s learns XOR, under every policy', (_, weight) => {
  const losses = (['tile', 'step'] as const).map((policy) => {
    const net = new Sequential([
      new Dense({ in: 2, out: 16, activation: 'tanh', weight: { ...weight(), policy } }),
      new Dense({ in: 16, out: 2 }),
    ]);
    const step = descent(net, 0.1);
    let loss = Number.NaN;
    for (let k = 0; k < 100; k++) loss = step(xorX, xorLabels);
    expect(accuracyOf(net, xorX, xorLabels)).toBe(1);
    return loss;
  });
  expect(losses[0]).toBeLessThan(0.1);
  expect(losses[1]).toBeCloseTo(losses[0] as number, 3);
});

test('dropout takes part in training and not in judging', () => {
  const net = new Sequential([
    new Dense({ in: 2, out: 32, activation: 'tanh' }),
    new Dropout({ rate: 0.2 }),
    new Dense({ in: 32, out: 2 }),
  ]);
  const step = descent(net, 0.1);
  for (let k = 0; k < 200; k++) step(xorX, xorLabels);
  expect(net.forward(xorX).toArray()).toEqual(net.forward(xorX).toArray());
  expect(accuracyOf(net, xorX, xorLabels)).toBe(1);
});
