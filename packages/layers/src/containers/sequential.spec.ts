import { gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { hashedNet } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import { Sequential } from './sequential.ts';

const square = (): Dense => new Dense({ in: 4, out: 4, weight: hashedNet({ values: 6 }) });

const entriesOf = (model: Module): string[] =>
  [...model.namedParameters().values()].map(({ value }) => value.dataSync().join());

test('layers run one after the other', () => {
  const layers = [
    new Flatten(),
    new Dense({ in: 4, out: 3 }),
    new Activation('tanh'),
    new Dense({ in: 3, out: 2 }),
  ];
  const net = new Sequential(layers);
  const x = tensor([1, -2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  const byHand = layers.reduce((input, layer) => layer.forward(input), x);
  expect(net.forward(x).toArray()).toEqual(byHand.toArray());
  expect(new Sequential([]).forward(x)).toBe(x);
});

test('the pass reaches every layer', () => {
  const net = new Sequential([new Sequential([new Dropout({ rate: 0.5 })])]);
  const x = tensor(new Float32Array(100).fill(1));
  expect(net.forward(x)).toBe(x);
  const dropped = net.forward(x, { training: true, random: random(1) }).dataSync();
  expect(new Set(dropped)).toEqual(new Set([0, 2]));
});

test('parameters have the place of their layer in their name', () => {
  const net = new Sequential([
    new Flatten(),
    new Dense({ in: 4, out: 4 }),
    new Sequential([square(), new Dense({ in: 4, out: 1, bias: false })]),
  ]);
  expect([...net.namedParameters().keys()]).toEqual([
    '1.weight.w',
    '1.bias',
    '2.0.weight.w',
    '2.0.bias',
    '2.1.weight.w',
  ]);
  expect(net.parameters()).toEqual([...net.namedParameters().values()]);
});

test('layers of equal shape differ, also in networks of networks', () => {
  const block = (): Sequential => new Sequential([square(), square()]);
  const net = new Sequential([block(), block(), square()]);
  const weights = [...net.namedParameters()].filter(([name]) => name.endsWith('weight.w'));
  expect(weights.length).toBe(5);
  expect(new Set(weights.map(([, { value }]) => value.dataSync().join())).size).toBe(5);
});

test('the outermost seed decides, unless a network inside has its own', () => {
  const nested = (outer: number, inner?: number): Sequential =>
    new Sequential([new Sequential([square()], inner === undefined ? {} : { seed: inner })], { seed: outer });
  expect(entriesOf(nested(1))).toEqual(entriesOf(nested(1)));
  expect(entriesOf(nested(1))).not.toEqual(entriesOf(nested(2)));
  expect(entriesOf(nested(1, 7))).toEqual(entriesOf(nested(2, 7)));
  expect(entriesOf(nested(1, 7))).toEqual(entriesOf(new Sequential([square()], { seed: 7 })));
});

test('a layer in two places is one layer: listed once, gradients of both uses, one layer again after load', async () => {
  const layer = square();
  const net = new Sequential([layer, new Activation('tanh'), new Sequential([layer])]);
  expect([...net.namedParameters().keys()]).toEqual(['0.weight.w', '0.bias']);
  const x = tensor([[1, 2, 3, 4]]);
  const [, [, both]] = gradientsOf(
    () => sum(net.forward(x)),
    net.parameters().map(({ value }) => value),
  );
  const middle = new Activation('tanh').forward(layer.forward(x));
  const [, [, last]] = gradientsOf(
    () => sum(layer.forward(middle)),
    net.parameters().map(({ value }) => value),
  );
  expect(both?.toArray()).not.toEqual(last?.toArray());

  const loaded = await load(await net.toBytes());
  expect(loaded.forward(x).toArray()).toEqual(net.forward(x).toArray());
  expect([...loaded.namedParameters().keys()]).toEqual([...net.namedParameters().keys()]);
  expect(await loaded.toBytes()).toEqual(await net.toBytes());
});

test('what is not a layer is refused with its place', () => {
  expect(() => new Sequential([new Flatten(), Dense as unknown as Module])).toThrow(ArgumentError);
  expect(() => new Sequential([new Flatten(), Dense as unknown as Module])).toThrow(
    'Sequential: expected a layer as 1, got the function Dense.',
  );
});
