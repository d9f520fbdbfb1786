import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FixtureCase, testCases } from '../fixture-case.spec-kit.ts';
import { gradientsOf } from '../grad.ts';
import { elementwise } from '../ops/pointwise.ts';
import { sum } from '../ops/reduce.ts';
import { binarize } from './binarize.ts';
import { type Levels, levelsOf, quantize } from './learned-step.ts';
import { powerOfTwo } from './power-of-two.ts';
import { stochasticallyBinarized, stochasticBinarize } from './stochastic-binarize.ts';

const cases: readonly FixtureCase<Levels & { readonly count: number }>[] = JSON.parse(
  readFileSync(new URL('./quantizers.fixtures.json', import.meta.url), 'utf8'),
);

const byUniform = elementwise('stochasticBinarize', stochasticallyBinarized);

describe.each(['f64', 'f32'] as const)('as PyTorch in %s', (dtype) => {
  testCases(cases, dtype, ({ op, parameters }, inputs) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
    if (op === 'binarize') return binarize(x);
    if (op === 'powerOfTwo') return powerOfTwo(x);
    return op === 'quantize' ? quantize(x, y, parameters) : byUniform(x, y);
  });
});

const numbers = fc.array(
  fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 1 + 2 ** -23, -1 - 2 ** -23, 1e-45, -1e-45, 3e38),
    fc.float({ min: -2, max: 2, noNaN: true }),
  ),
  { minLength: 1, maxLength: 40 },
);

/** Values and gradients of a sum. */
function both(f: (x: Tensor) => Tensor, x: readonly number[]): [values: number[], slopes: number[]] {
  const at = tensor(x, [x.length], { dtype: 'f32' });
  let values: number[] = [];
  const [, [slope]] = gradientsOf(() => {
    const y = f(at);
    values = [...y.dataSync()];
    return sum(y);
  }, [at]);
  return [values, [...(slope as Tensor).dataSync()]];
}

const gate = (x: readonly number[]): number[] => x.map((y) => (Math.abs(Math.fround(y)) <= 1 ? 1 : 0));

test('signs are +1 at 0 and −0, and gradients pass within ±1', () => {
  fc.assert(
    fc.property(numbers, (x) => {
      const [values, slopes] = both(binarize, x);
      expect(values).toEqual(x.map((y) => (y < 0 ? -1 : 1)));
      expect(slopes).toEqual(gate(x));
    }),
    { seed: 8, numRuns: 200 },
  );
});

test('drawn signs are sure from ±1 on, the same for the same seed, and have the same gate', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (x, seed) => {
      const draw = (y: Tensor): Tensor => stochasticBinarize(y, { seed });
      const [values, slopes] = both(draw, x);
      values.forEach((value, k) => {
        const at = x[k] as number;
        expect(Math.abs(value)).toBe(1);
        if (Math.abs(at) >= 1) expect(value).toBe(Math.sign(at));
      });
      expect(slopes).toEqual(gate(x));
      expect(both(draw, x)).toEqual([values, slopes]);
    }),
    { seed: 8, numRuns: 100 },
  );
});

test.each([-0.9, -0.5, 0, 0.3, 0.98])('drawn signs of %d have that mean, whatever the seed', (mean) => {
  const count = 40_000;
  const drawn = [1, 2].map((seed) =>
    stochasticBinarize(tensor(Array(count).fill(mean)), { seed }).dataSync(),
  );
  for (const signs of drawn) {
    const found = signs.reduce((total, sign) => total + sign, 0) / count;
    // Five standard deviations.
    expect(Math.abs(found - mean)).toBeLessThan((5 * Math.sqrt(1 - mean * mean)) / Math.sqrt(count));
  }
  expect(drawn[0]).not.toEqual(drawn[1]);
});

const widths = fc
  .record({ signed: fc.boolean(), bits: fc.integer({ min: 2, max: 8 }) })
  .map(({ bits, signed }) => ({ bits, ...levelsOf(bits, { signed }) }));

test('values have 2^bits levels, the nearest of them, and levels stay', () => {
  fc.assert(
    fc.property(widths, fc.integer({ min: -6, max: 6 }), ({ bits, low, high }, exponent) => {
      const step = 2 ** exponent;
      const levels = Array.from({ length: high - low + 1 }, (_, k) => (low + k) * step);
      const x = Array.from({ length: 8 * levels.length + 40 }, (_, k) => (low - 2 + k / 7.3) * step);
      const by = { low, high, count: 1 };
      const quantized = (values: readonly number[]): number[] => [
        ...quantize(tensor(values), tensor([step]), by).dataSync(),
      ];
      const found = quantized(x);
      expect(new Set(found.map((y) => y + 0)).size).toBe(2 ** bits);
      found.forEach((y, k) => {
        const kept = Math.min(high * step, Math.max(low * step, x[k] as number));
        expect(Math.abs(y - kept)).toBeLessThanOrEqual(step / 2 + 1e-5 * step);
      });
      expect(quantized(levels).map((y) => y + 0)).toEqual(levels.map((y) => y + 0));
    }),
    { seed: 3, numRuns: 60 },
  );
});

test.each([1, 0, 9, 2.5, Number.NaN])('%d bits are refused', (bits) => {
  expect(() => levelsOf(bits, { signed: true })).toThrow('2 to 8 bits');
});

test('NaN stays NaN', () => {
  const nan = tensor([Number.NaN]);
  expect(quantize(nan, tensor([1]), { low: -2, high: 1, count: 1 }).dataSync()[0]).toBeNaN();
  expect(powerOfTwo(nan).dataSync()[0]).toBeNaN();
});

test('powers of two are the nearest by their logarithm, of either sign', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -64, max: 63 }),
      fc.double({ min: 2 ** -0.4999, max: 2 ** 0.4999, noNaN: true }),
      (exponent, mantissa) => {
        const x = Math.fround(mantissa * 2 ** exponent);
        expect([...powerOfTwo(tensor([x, -x], [2], { dtype: 'f32' })).dataSync()]).toEqual([
          2 ** exponent,
          -(2 ** exponent),
        ]);
      },
    ),
    { seed: 3, numRuns: 500 },
  );
  expect(
    [...powerOfTwo(tensor([0, -0, 1e30, Number.NEGATIVE_INFINITY, 1e-30, -1e-45])).dataSync()].map(
      (y) => y + 0,
    ),
  ).toEqual([0, 0, 2 ** 63, -(2 ** 63), 2 ** -64, -(2 ** -64)]);
});
