import { ShapeError, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as layers from './layer-classes.ts';
import type { Module } from './module.ts';
import { layerSamples } from './testing/layer-samples.ts';

const {
  Activation,
  BatchNorm,
  Concat,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  GRU,
  LayerNorm,
  MaxPool2d,
  Residual,
  Sequential,
} = layers;
const dense = (width: number, out: number) => new Dense({ in: width, out });

test.each(Object.entries(layerSamples))(
  '%s says of widths what it does',
  (_, { input, layers: make, below }) => {
    for (const layer of make()) {
      const { widths } = layer;
      const x = below === undefined ? zeros(input) : zeros(input, { dtype: 'i32' });
      const y = layer.forward(x);
      const given = input.at(-1);
      if (widths.in !== undefined) expect(widths.in).toBe(given);
      if (widths.isKept) expect(y.shape.at(-1)).toBe(given);
      else if (widths.out !== undefined) expect(y.shape.at(-1)).toBe(widths.out);
    }
  },
);

// What may stand between two layers without changing the width.
const between: readonly ((width: number) => Module)[] = [
  () => new Activation('relu'),
  () => new Dropout({ rate: 0.1 }),
  (width: number) => new BatchNorm({ channels: width }),
  (width: number) => new LayerNorm({ channels: width }),
  (width: number) => new Residual(dense(width, width)),
  () => new Sequential([]),
];

test('a chain that fits is built, and one of which a width is changed is refused', () => {
  const chains = fc.record({
    widths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 6 }),
    fillers: fc.array(fc.nat(between.length - 1), { minLength: 6, maxLength: 6 }),
    wrong: fc.nat(),
    nested: fc.boolean(),
  });
  fc.assert(
    fc.property(chains, ({ widths, fillers, wrong, nested }) => {
      const build = (changed: number) => {
        const list = widths.slice(1).flatMap((out, k) => {
          const width = (widths[k] as number) + (k === changed ? 1 : 0);
          const layer = nested ? new Sequential([dense(width, out)]) : dense(width, out);
          return [layer, (between[fillers[k] as number] as (width: number) => Module)(out)];
        });
        return new Sequential(list);
      };
      expect(build(-1).widths).toMatchObject({ in: widths[0], out: widths.at(-1) });
      expect(() => build(1 + (wrong % (widths.length - 2)))).toThrow(ShapeError);
    }),
    { seed: 5, numRuns: 100 },
  );
});

describe('widths that do not fit are refused when a network is built, with the place', () => {
  test.each([
    [
      () => new Sequential([dense(8, 32), new Activation('relu'), dense(64, 2)]),
      'layer 2, dense, to take the 32 features that layer 0, dense, gives, got one that takes 64',
    ],
    [
      () => new Sequential([new BatchNorm({ channels: 3 }), dense(4, 2)]),
      'layer 1, dense, to take the 3 features',
    ],
    [
      () =>
        new Sequential([
          new Conv2d({ in: 1, out: 8, kernelSize: 3 }),
          new MaxPool2d({ kernelSize: 2 }),
          new BatchNorm({ channels: 4 }),
        ]),
      'to take the 8 features',
    ],
    [
      () =>
        new Sequential([
          new GRU({ in: 3, hiddenSize: 5, bidirectional: true }),
          new GRU({ in: 5, hiddenSize: 2 }),
        ]),
      'to take the 10 features',
    ],
    [() => new Residual(dense(4, 3)), 'a body that gives 4 features'],
    [() => new Residual(dense(4, 3), { shortcut: dense(5, 3) }), 'shortcut to take the 4 features'],
    [() => new Residual(dense(4, 3), { shortcut: dense(4, 2) }), 'a body that gives 2 features'],
    [() => new Concat([dense(4, 3), dense(5, 3)]), '1 to take the 4 features'],
    [
      () => new Sequential([new Concat([dense(4, 3), new Sequential([])]), dense(6, 1)]),
      'to take the 7 features',
    ],
  ])('case %#', (build, message) => {
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(message);
  });

  test('what is not known without data is left to the data', () => {
    new Sequential([new Conv2d({ in: 1, out: 8, kernelSize: 3 }), new Flatten(), dense(72, 2)]);
  });
});
