import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromRgba, type RgbPicture, toRgba } from './index.ts';

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 6 }), height: fc.integer({ min: 1, max: 6 }) })
  .chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: 4 * width * height, maxLength: 4 * width * height })
      .map((data) => ({ width, height, data })),
  );

test('colours on white are what comes of mixing; what gives them back gives the same on white', () => {
  fc.assert(
    fc.property(picture, (given) => {
      const on = fromRgba(given);
      for (let k = 0; k < given.width * given.height; k++) {
        const a = (given.data[4 * k + 3] as number) / 255;
        expect(on.alpha?.[k] ?? 255).toBe(given.data[4 * k + 3]);
        for (let c = 0; c < 3; c++)
          expect(
            Math.abs((on.data[3 * k + c] as number) - a * (given.data[4 * k + c] as number) - (1 - a) * 255),
          ).toBeLessThanOrEqual(0.5 + 1e-9);
      }
      expect(fromRgba(toRgba(on))).toEqual(on);
    }),
    { seed: 18, numRuns: 300 },
  );
});

test('an opaque picture has no alpha, and its colours are as they are', () => {
  const data = Uint8Array.of(1, 2, 3, 255, 250, 0, 9, 255);
  const on = fromRgba({ width: 2, height: 1, data });
  expect(on).toEqual({ width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 250, 0, 9) });
  expect([...toRgba(on).data]).toEqual([...data]);
});

test('colours that no mixture with white gives are cut; what is transparent is white', () => {
  const dark: RgbPicture = { width: 2, height: 1, data: new Uint8Array(6), alpha: Uint8Array.of(100, 0) };
  expect([...toRgba(dark).data]).toEqual([0, 0, 0, 100, 255, 255, 255, 0]);
});

test('other bytes are refused', () => {
  expect(() => fromRgba({ width: 2, height: 1, data: new Uint8Array(6) })).toThrow(ArgumentError);
  expect(() => toRgba({ width: 2, height: 1, data: new Uint8Array(8) })).toThrow(ArgumentError);
  const short = { width: 2, height: 1, data: new Uint8Array(6), alpha: new Uint8Array(1) };
  expect(() => toRgba(short)).toThrow('alpha');
});
