import { ArgumentError, random } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { normalValues } from '../weight/start-values.ts';
import { product, transposed } from './plain-matrix.ts';
import { truncatedSvd } from './truncated-svd.ts';

const [rows, cols, count] = [200, 230, 9];

/** A product of random matrices; its singular values fall about as told. */
function falling(fall: (k: number) => number): Float64Array {
  const scaled = normalValues(random(5), rows * cols, 1).map((x, at) => x * fall(Math.floor(at / cols)));
  return product(normalValues(random(6), rows * rows, 1), scaled, rows, rows, cols);
}

const squared = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0);

describe.each([
  ['hardly falling', falling(() => 1)],
  ['falling', falling((k) => 1 / (k + 1))],
  ['falling fast', falling((k) => 0.3 ** k)],
  ['of low rank', falling((k) => (k < 4 ? 1 : 0))],
  ['all equal', Float64Array.from({ length: rows * cols }, (_, at) => (at % (cols + 1) === 0 ? 1 : 0))],
  ['none', new Float64Array(rows * cols)],
])('of singular values %s, a few alone', (_, values) => {
  const few = truncatedSvd(values, rows, cols, count);
  const all = truncatedSvd(values, rows, cols, () => count);

  test('leave out what they do when all are found', () => {
    const norm = squared(values);
    expect(few.rank).toBe(count);
    expect(few.squaredError).toBeLessThanOrEqual(all.squaredError * (1 + 2e-6) + 1e-13 * norm);
    expect(few.squaredError).toBeGreaterThanOrEqual(all.squaredError * (1 - 1e-9) - 1e-13 * norm);
    const fitted = product(few.left, few.right, rows, count, cols);
    const left = squared(values.map((x, k) => x - (fitted[k] as number)));
    expect(Math.abs(left - few.squaredError)).toBeLessThanOrEqual(1e-12 * norm);
  });

  test('have orthonormal columns', () => {
    for (const { left, rank } of [few, all]) {
      const products = product(transposed(left, rows, rank), left, rank, rows, rank);
      products.forEach((x, at) => {
        const wanted = at % (rank + 1) === 0 ? 1 : 0;
        // Of directions that the matrix does not have, none is needed.
        if (x !== 0) expect(x).toBeCloseTo(wanted, 9);
      });
    }
  });
});

test('a rule sees all singular values, descending', () => {
  const diagonal = Float64Array.of(0, 3, 0, 0, 2, 0, 0, 0, 0, 0, 0, 5);
  let seen: Float64Array | undefined;
  const { rank, squaredError } = truncatedSvd(diagonal, 3, 4, (values) => {
    seen = values;
    return 1;
  });
  expect([...(seen as Float64Array)].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([5, 3, 2]);
  expect(rank).toBe(1);
  expect(squaredError).toBeCloseTo(13, 9);
});

test('all singular values of very many rows are refused, before anything is computed', () => {
  const many = 8200;
  expect(() => truncatedSvd(new Float32Array(0), many, many, () => 1)).toThrow('at most 8192 rows');
});

test('squares beyond all numbers are refused', () => {
  expect(() => truncatedSvd(Float64Array.of(1e200, 1), 1, 2, 1)).toThrow(ArgumentError);
});
