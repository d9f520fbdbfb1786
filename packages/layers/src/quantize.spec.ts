import { gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { load } from './model-file/load.ts';
import { BatchNorm } from './normalization/batch-norm.ts';
import { Quantize } from './quantize.ts';

// Values and gradients against PyTorch: quantizers.spec.ts of @funhash/autodiff.
const normal = tensor(random(2).fillNormal(new Float32Array(300 * 20)), [300, 20]);

test('an activation has 2^bits levels at most, from 0 or on both sides of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.boolean(), (bits, signed) => {
      const layer = new Quantize({ bits, signed });
      const step = layer.step.value.dataSync()[0] as number;
      const levels = [...new Set(layer.forward(normal).dataSync())].map((y) => Math.round(y / step));
      expect(levels.length).toBeLessThanOrEqual(2 ** bits);
      expect(Math.min(...levels) < 0).toBe(signed);
      expect(Math.max(...levels)).toBeLessThan(2 ** (signed ? bits - 1 : bits));
    }),
    { seed: 2, numRuns: 20 },
  );
});

test('the gradient of the step is scaled by values of an example and the greatest level', () => {
  const layer = new Quantize({ bits: 2, step: 0.5 });
  const [, [dStep]] = gradientsOf(
    () =>
      sum(
        layer.forward(
          tensor([
            [9, 9, 9],
            [9, 9, 9],
          ]),
        ),
      ),
    [layer.step.value],
  );
  // Six values beyond the greatest level, 3.
  expect(dStep?.dataSync()[0]).toBeCloseTo((6 * 3) / Math.sqrt(3 * 3), 5);
});

test('it trains, is counted, and is the same from a file', async () => {
  const net = new Sequential([
    new Dense({ in: 20, out: 6, seed: 1 }),
    new BatchNorm({ channels: 6 }),
    new Quantize({ bits: 3 }),
    new Quantize({ bits: 4, signed: true, step: 0.25 }),
  ]);
  expect([...net.namedParameters().keys()].slice(-2)).toEqual(['2.step', '3.step']);
  expect(net.summary().total.storedCount).toBe(126 + 12 + 2);
  const restored = (await load(await net.toBytes())) as Sequential;
  expect(restored.forward(normal).dataSync()).toEqual(net.forward(normal).dataSync());
  expect(restored.parameters().map(({ rule }) => rule)).toEqual(net.parameters().map(({ rule }) => rule));
});

test.each([
  { bits: 0 },
  { bits: 9 },
  { bits: 1, signed: true },
  { bits: 2, step: 0 },
  { bits: 2, step: Number.NaN },
])('%j is refused', (options) => {
  expect(() => new Quantize(options)).toThrow(ArgumentError);
});
