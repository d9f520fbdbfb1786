import { add, concat, gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { hashedNet } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { load } from '../model-file/load.ts';
import { Functional } from './functional.ts';
import { Sequential } from './sequential.ts';

const x = tensor([
  [1, -2, 3],
  [0.5, 4, -1],
]);

const total = (gradients: readonly Tensor[]): number[] => gradients.map((g) => sum(g).item());

test('branches and a skip', () => {
  const trunk = new Dense({ in: 3, out: 4, activation: 'tanh' });
  const head = new Dense({ in: 4, out: 2 });
  const skip = new Dense({ in: 3, out: 2, bias: false, weight: hashedNet({ values: 3 }) });
  const net = new Functional({ trunk, skip, head }, (input, layers) =>
    add(layers.head(layers.trunk(input)), layers.skip(input)),
  );
  expect(net.forward(x).toArray()).toEqual(add(head.forward(trunk.forward(x)), skip.forward(x)).toArray());
  expect([...net.namedParameters().keys()]).toEqual([
    'trunk.weight.w',
    'trunk.bias',
    'skip.weight.w',
    'head.weight.w',
    'head.bias',
  ]);
  const [, gradients] = gradientsOf(
    () => sum(net.forward(x)),
    net.parameters().map(({ value }) => value),
  );
  expect(total(gradients).every((g) => g !== 0 && Number.isFinite(g))).toBe(true);
});

test('a layer that is called twice gets the gradients of both calls', () => {
  const shared = new Dense({ in: 3, out: 3, weight: hashedNet({ values: 4 }) });
  const net = new Functional({ shared }, (input, layers) =>
    concat([layers.shared(input), layers.shared(multiply(input, 10))], 1),
  );
  expect(net.forward(x).shape).toEqual([2, 6]);
  const wrt = net.parameters().map(({ value }) => value);
  const [, both] = gradientsOf(() => sum(net.forward(x)), wrt);
  const [, first] = gradientsOf(() => sum(shared.forward(x)), wrt);
  const [, second] = gradientsOf(() => sum(shared.forward(multiply(x, 10))), wrt);
  both.forEach((gradient, k) => {
    const expected = add(first[k] as Tensor, second[k] as Tensor).dataSync();
    gradient.dataSync().forEach((g, i) => {
      expect(g).toBeCloseTo(expected[i] as number, 4);
    });
  });
});

test('seeds: by name, by the network, or its own', () => {
  const make = (name: string, seed?: number): string =>
    new Functional(
      { [name]: new Dense({ in: 3, out: 3 }) },
      (input) => input,
      seed === undefined ? {} : { seed },
    )
      .parameters()[0]
      ?.value.dataSync()
      .join() as string;
  expect(make('a')).toBe(make('a', 0));
  expect(make('a')).not.toBe(make('b'));
  expect(make('a', 1)).not.toBe(make('a', 2));
});

test('the pass reaches the layers, and a network inside a network works', () => {
  const branch = new Functional({ drop: new Dropout({ rate: 0.5 }) }, (input, { drop }) => drop(input));
  const net = new Sequential([branch]);
  expect(net.forward(x)).toBe(x);
  expect(net.forward(x, { training: true, random: random(3) }).toArray()).toContainEqual(
    expect.arrayContaining([0]),
  );
});

test('names that would mean two parameters are refused before anything is lost', () => {
  const dense = (): Dense => new Dense({ in: 1, out: 1, bias: false });
  const net = new Functional(
    { 'a.b': dense(), a: new Functional({ b: dense() }, (input) => input) },
    (input) => input,
  );
  expect(() => net.namedParameters()).toThrow(ArgumentError);
  expect(() => net.namedParameters()).toThrow(/a\.b\.weight\.w twice/);
});

test('a file of it says what to do instead of load', async () => {
  const net = new Functional({ only: new Dense({ in: 3, out: 2 }) }, (input, { only }) => only(input));
  await expect(load(await net.toBytes())).rejects.toThrow(
    /got "functional" \(bytes in memory\)\. Pass layers of your own.* build a Functional in code and use `loadInto`\./,
  );
});
