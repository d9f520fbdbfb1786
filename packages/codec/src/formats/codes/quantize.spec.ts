import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CodeBits, dequantize, maxCode } from './dequantize.ts';
import fixtures from './quantize.fixtures.json' with { type: 'json' };
import { quantize } from './quantize.ts';

const allBits: readonly CodeBits[] = [2, 3, 4, 5, 6, 7, 8];
const bits = fc.constantFrom(...allBits);

/** Of all sizes: subnormal numbers, the largest ones, zeros, outliers, all values alike. */
const values = fc.oneof(
  fc.float32Array({ maxLength: 40, noNaN: true, noDefaultInfinity: true }),
  fc
    .tuple(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 40 }),
      fc.oneof(
        fc.integer({ min: -149, max: 127 }),
        fc.integer({ min: -149, max: -120 }),
        fc.integer({ min: 125, max: 127 }),
      ),
    )
    .map(([numbers, exponent]) => Float32Array.from(numbers, (x) => (x / 1000) * 2 ** exponent)),
  fc
    .array(fc.constantFrom(0, -0, 1, -1, 0.1, 3e38, 3.4028234e38, 1e-45), { maxLength: 10 })
    .map((x) => Float32Array.from(x)),
);

const squaredError = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0);

describe('any values in any number of bits', () => {
  test('are never changed by a second quantisation', () => {
    fc.assert(
      fc.property(values, bits, (data, bits) => {
        const once = quantize(data, bits);
        expect(quantize(dequantize(once), bits)).toEqual(once);
      }),
      { seed: 20160108, numRuns: 2000 },
    );
  });

  test('are read back within half a step, or as the outermost value of their sign', () => {
    fc.assert(
      fc.property(values, bits, (data, bits) => {
        const { codes, scale } = quantize(data, bits);
        const most = maxCode(bits);
        const found = dequantize({ codes, scale });
        data.forEach((x, i) => {
          const code = codes[i] as number;
          expect(Math.abs(code)).toBeLessThanOrEqual(most);
          expect(Number.isFinite(found[i])).toBe(true);
          const rounding = Math.abs(x) * 2 ** -23;
          if (Math.abs(x) > (most + 0.5) * scale) expect(code).toBe(Math.sign(x) * most);
          else expect(Math.abs(x - (found[i] as number))).toBeLessThanOrEqual(scale / 2 + rounding);
        });
      }),
      { seed: 20160109, numRuns: 1000 },
    );
  });

  test('lose no more than with the scale that reaches the largest of them', () => {
    fc.assert(
      fc.property(values, bits, (data, bits) => {
        const found = quantize(data, bits);
        const scale = Number((Math.max(0, ...data.map(Math.abs)) / maxCode(bits)).toPrecision(4));
        if (scale < 1e-37 || maxCode(bits) * scale > 3.4e38) return;
        const codes = Int8Array.from(data, (x) => Math.round(x / scale));
        const loss = squaredError(data, dequantize({ codes, scale }));
        expect(squaredError(data, dequantize(found))).toBeLessThanOrEqual(loss);
      }),
      { seed: 20160110, numRuns: 500 },
    );
  });

  test('have a scale of at most four digits', () => {
    fc.assert(
      fc.property(values, bits, (data, bits) => {
        const { scale } = quantize(data, bits);
        expect(Number(scale.toPrecision(4))).toBe(scale);
      }),
      { seed: 20160111 },
    );
  });
});

test.each(fixtures)('the least squared error that numpy finds: $name', ({ values, leastErrors }) => {
  for (const bits of allBits) {
    const error = squaredError(values, dequantize(quantize(Float64Array.from(values), bits)));
    const least = leastErrors[`${bits}`];
    // Four digits of the scale are worth half of 10^-3 of it, at codes up to 127.
    const unavoidable = values.reduce((sum, x) => sum + (x * 2.5e-4) ** 2, 0);
    expect(error, `${bits} bits`).toBeLessThanOrEqual(1.08 * least + unavoidable);
  }
});

test('zeros stay zeros', () => {
  expect(dequantize(quantize(Float32Array.of(0, -0), 2))).toEqual(new Float32Array(2));
  expect(quantize(new Float32Array(0), 8).codes).toEqual(new Int8Array(0));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39, -3.5e38])(
  '%d is refused',
  (x) => {
    expect(() => quantize(Float64Array.of(1, x), 4)).toThrow(ArgumentError);
    expect(() => quantize(Float64Array.of(1, x), 4)).toThrow('at index 1');
  },
);
