import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { oneShape, opLaws } from '../testing.ts';
import { gelu } from './activations.ts';
import { erf, erfc, tail } from './erf.ts';
import { sum } from './reduce.ts';

type Row = readonly [x: number, erf: number, erfc: number, density: number, gelu: number, slope: number];

const { tail: coefficients, rows }: { tail: readonly number[]; rows: readonly Row[] } = JSON.parse(
  readFileSync(new URL('./erf.fixtures.json', import.meta.url), 'utf8'),
);

const exactGelu = (x: Tensor): Tensor => gelu(x, { approximate: 'none' });
const slopeOf = (op: (x: Tensor) => Tensor) => grad((x: Tensor) => sum(op(x)));

test('coefficients are those that the script computes', () => expect(tail).toEqual(coefficients));

describe('laws', () => {
  for (const [name, op] of Object.entries({ erf, erfc, exactGelu }))
    for (const law of opLaws(name, op, oneShape(), { low: -3, high: 3 })) test(law.name, law.check);
});

const least = { f32: 1.2e-38, f64: 1e-300 };
const tolerance = { f32: 1.5e-6, f64: 2e-14 };

describe.each(['f32', 'f64'] as const)('relative accuracy far out, %s', (dtype) => {
  const x = tensor(
    rows.map(([point]) => point),
    [rows.length],
    { dtype },
  );
  test.each<[string, (x: Tensor) => Tensor, (row: Row) => number]>([
    ['erf', erf, (row) => row[1]],
    ['erfc', erfc, (row) => row[2]],
    ["erf'", slopeOf(erf), (row) => row[3]],
    ["erfc'", slopeOf(erfc), (row) => -row[3]],
    ['gelu', exactGelu, (row) => row[4]],
    ["gelu'", slopeOf(exactGelu), (row) => row[5]],
  ])('%s', (name, op, of) => {
    const found = op(x).dataSync();
    rows.forEach((row, k) => {
      const [value, wanted] = [found[k] as number, of(row)];
      // The slope of gelu crosses 0 at -0.75: near there only the absolute error is small.
      const scale =
        name === "gelu'" ? Math.max(Math.abs(wanted), Math.abs(row[0]) < 1 ? 0.5 : 0) : Math.abs(wanted);
      if (scale < least[dtype])
        expect(Math.abs(value), `${name}(${row[0]})`).toBeLessThanOrEqual(2 * least[dtype]);
      else expect(Math.abs(value - wanted) / scale, `${name}(${row[0]})`).toBeLessThan(tolerance[dtype]);
    });
  });
});

test.each(['f32', 'f64'] as const)('limits, and NaN stays, %s', (dtype) => {
  const x = tensor([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN], [3], { dtype });
  const of = (op: (x: Tensor) => Tensor): number[] => Array.from(op(x).dataSync(), (value) => value + 0);
  expect(of(erf)).toEqual([1, -1, Number.NaN]);
  expect(of(erfc)).toEqual([0, 2, Number.NaN]);
  expect(of(exactGelu)).toEqual([Number.POSITIVE_INFINITY, 0, Number.NaN]);
  expect(of(slopeOf(exactGelu))).toEqual([1, 0, Number.NaN]);
  expect(of(slopeOf(erf))).toEqual([0, 0, Number.NaN]);
  expect(of(grad((y: Tensor) => sum(slopeOf(exactGelu)(y))))).toEqual([0, 0, Number.NaN]);
});
