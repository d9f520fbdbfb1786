import { readFileSync } from 'node:fs';
import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bjontegaard, msSsim, psnr, type RatePoint, type RgbPicture } from '../index.ts';

interface Fixtures {
  readonly pictures: readonly {
    readonly width: number;
    readonly height: number;
    readonly noise: number;
    readonly luma: number;
    readonly rgb: number;
    readonly msSsim: number;
  }[];
  readonly curves: readonly {
    readonly anchor: readonly [number, number][];
    readonly curve: readonly [number, number][];
    readonly rate: number;
  }[];
}
const { pictures, curves } = JSON.parse(
  readFileSync(new URL('./metrics.fixtures.json', import.meta.url), 'utf8'),
) as Fixtures;

/** The pictures of metrics.fixtures.py. */
function picture(width: number, height: number, noise: number, seed: number): RgbPicture {
  let state = seed;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        state = (Math.imul(1664525, state) + 1013904223) >>> 0;
        const wave = 128 + 90 * Math.sin(x / 9 + c) * Math.cos(y / (7 + c));
        const value = Math.floor(wave + (noise * ((state >>> 24) - 127.5)) / 128 + 0.5);
        data[at++] = Math.max(0, Math.min(255, value));
      }
  return { width, height, data };
}

test.each(pictures)(
  '$width × $height with noise of $noise: as by numpy',
  ({ width, height, noise, ...wanted }) => {
    const [original, noisy] = [picture(width, height, 0, 1), picture(width, height, noise, 2)];
    expect(psnr(noisy, original).luma).toBeCloseTo(wanted.luma, 6);
    expect(psnr(noisy, original).rgb).toBeCloseTo(wanted.rgb, 6);
    expect(msSsim(noisy, original)).toBeCloseTo(wanted.msSsim, 8);
    expect(msSsim(original, original)).toBeCloseTo(1, 12);
    expect(psnr(original, original).rgb).toBe(Number.POSITIVE_INFINITY);
  },
);

const pointsOf = (pairs: readonly (readonly [number, number])[]): RatePoint[] =>
  pairs.map(([rate, quality]) => ({ rate, quality }));

describe('Bjøntegaard rates', () => {
  test.each(curves.map((each, k) => ({ ...each, k })))(
    '$k: as by PchipInterpolator',
    ({ anchor, curve, rate }) => {
      expect(bjontegaard(pointsOf(anchor), pointsOf(curve))).toBeCloseTo(rate, 8);
    },
  );

  test('of curves that differ by a factor is that factor; the other way round its inverse; 0 of itself', () => {
    const points = fc
      .uniqueArray(fc.integer({ min: 20, max: 60 }), { minLength: 2, maxLength: 8 })
      .chain((qualities) =>
        fc
          .array(fc.double({ min: 0.1, max: 10, noNaN: true }), {
            minLength: qualities.length,
            maxLength: qualities.length,
          })
          .map((rates) => rates.map((rate, k) => ({ rate, quality: qualities[k] as number }))),
      );
    fc.assert(
      fc.property(points, fc.double({ min: 0.2, max: 5, noNaN: true }), (anchor, factor) => {
        const curve = anchor.map(({ rate, quality }) => ({ rate: factor * rate, quality }));
        expect(bjontegaard(anchor, curve)).toBeCloseTo(100 * (factor - 1), 6);
        expect(bjontegaard(curve, anchor)).toBeCloseTo(100 * (1 / factor - 1), 6);
        expect(bjontegaard(anchor, [...anchor].reverse())).toBeCloseTo(0, 9);
      }),
      { seed: 1 },
    );
  });

  test.each<[string, RatePoint[], RatePoint[], string]>([
    ['one point', pointsOf([[1, 30]]), pointsOf([[1, 30]]), 'two points'],
    [
      'no overlap',
      pointsOf([
        [1, 30],
        [2, 32],
      ]),
      pointsOf([
        [1, 33],
        [2, 34],
      ]),
      'in common',
    ],
    [
      'a rate of 0',
      pointsOf([
        [0, 30],
        [2, 32],
      ]),
      pointsOf([
        [1, 30],
        [2, 32],
      ]),
      'above 0',
    ],
    [
      'one quality twice',
      pointsOf([
        [1, 30],
        [2, 30],
      ]),
      pointsOf([
        [1, 30],
        [2, 32],
      ]),
      'different',
    ],
  ])('%s is refused', (_, anchor, curve, message) => {
    expect(() => bjontegaard(anchor, curve)).toThrow(ArgumentError);
    expect(() => bjontegaard(anchor, curve)).toThrow(message);
  });
});

test('pictures of other sizes, and small ones, are refused', () => {
  const [a, b] = [picture(200, 180, 0, 1), picture(180, 200, 0, 1)];
  expect(() => psnr(a, b)).toThrow(ArgumentError);
  expect(() => msSsim(a, b)).toThrow(ArgumentError);
  expect(() => msSsim(picture(175, 300, 0, 1), picture(175, 300, 0, 1))).toThrow('at least 176');
});
