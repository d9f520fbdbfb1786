import { add } from '@funhash/autodiff';
import { encodeModel, ModelFileError } from '@funhash/codec';
import { ArgumentError } from '@funhash/hashing';
import { hashedNet, type WeightRequest } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Functional } from '../containers/functional.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import type { Module } from '../module.ts';
import { network } from './arbitrary-network.spec-kit.ts';
import { loadInto } from './load.ts';

const valuesOf = (model: Module): unknown[] => model.parameters().map(({ value }) => value.toArray());

/** Overwrites every value, as training would. */
const train = (model: Module): void => {
  for (const parameter of model.parameters()) parameter.assign(add(parameter.value, 1));
};

test('any network takes the values of a file of itself', async () => {
  await fc.assert(
    fc.asyncProperty(network, async ({ make }) => {
      const [saved, target] = [make(), make()];
      train(saved);
      const parameters = target.parameters();
      await loadInto(target, await saved.toBytes({ latent: true }));
      expect(valuesOf(target)).toEqual(valuesOf(saved));
      target.parameters().forEach((parameter, k) => {
        expect(parameter).toBe(parameters[k]);
      });
    }),
    { seed: 20160706, numRuns: 60 },
  );
});

test('a Functional, built again in code', async () => {
  const make = () =>
    new Functional(
      { a: new Dense({ in: 3, out: 2 }), b: new Dense({ in: 3, out: 2 }) },
      (x: Tensor, { a, b }) => add(a(x), b(x)),
    );
  const [saved, target] = [make(), make()];
  train(saved);
  await loadInto(target, await saved.toBytes());
  const x = tensor([[1, 2, 3]]);
  expect(target.forward(x).toArray()).toEqual(saved.forward(x).toArray());
});

const one = (weight: WeightRequest, seed = 0): Sequential =>
  new Sequential([new Dense({ in: 4, out: 4, weight })], { seed });

test('policies and dropout may differ', async () => {
  const saved = new Sequential([
    new Dense({ in: 4, out: 4, weight: hashedNet({ values: 5 }) }),
    new Dropout({ rate: 0.5 }),
  ]);
  const target = new Sequential([
    new Dense({ in: 4, out: 4, weight: hashedNet({ values: 5, policy: 'frozen' }) }),
    new Dropout({ rate: 0 }),
  ]);
  train(saved);
  await loadInto(target, await saved.toBytes());
  expect(valuesOf(target)).toEqual(valuesOf(saved));
});

test.each<[string, Module, RegExp]>([
  [
    'another size',
    one(hashedNet({ values: 6 })),
    /0\.weight\.w: \[5\] instead of \[6\]; 0\.weight\.options\.buckets: 5 instead of 6/,
  ],
  [
    'another seed of the network',
    one(hashedNet({ values: 5 }), 1),
    /weight\.options\.seed: \d+ instead of \d+/,
  ],
  [
    'another hash',
    one(hashedNet({ values: 5, hash: 'murmur3' })),
    /options\.hash: xxHash32 instead of murmur3/,
  ],
  [
    'a layer more',
    new Sequential([
      new Dense({ in: 4, out: 4, weight: hashedNet({ values: 5 }) }),
      new Dense({ in: 4, out: 1 }),
    ]),
    /1\.weight\.w: none instead of \[1, 4\]; 1\.bias: none instead of \[1\]; .*; …/,
  ],
  ['a layer less', new Sequential([]), /0\.weight\.w: \[5\] instead of none/],
  [
    'another name',
    new Dense({ in: 4, out: 4, weight: hashedNet({ values: 5 }) }),
    /weight\.w: none instead of \[5\]/,
  ],
])('%s: refused with the difference, nothing overwritten', async (_, target, message) => {
  const file = await one(hashedNet({ values: 5 })).toBytes();
  const before = valuesOf(target);
  await expect(loadInto(target, file)).rejects.toThrow(ArgumentError);
  await expect(loadInto(target, file)).rejects.toThrow(message);
  expect(valuesOf(target)).toEqual(before);
});

test('damaged or strange files: refused, nothing overwritten', async () => {
  const target = one(hashedNet({ values: 5 }));
  const before = valuesOf(target);
  const file = await target.toBytes();
  const flipped = file.slice();
  flipped[flipped.length - 1] = (flipped[flipped.length - 1] as number) ^ 1;
  const strange = [null, 5, 'x', [], {}, { spaces: [], ties: [] }, { spaces: {}, ties: {} }];
  const files = [
    new Uint8Array(0),
    file.slice(0, -1),
    flipped,
    ...strange.map((spec) => encodeModel({ spec, tensors: {} })),
  ];
  for (const bytes of files) await expect(loadInto(target, bytes)).rejects.toThrow(ModelFileError);
  expect(valuesOf(target)).toEqual(before);
});
