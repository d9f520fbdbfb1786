import { random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { normalValues, orthonormalRows, uniformValues } from './start-values.ts';

test.each([
  [2, 4],
  [4, 4],
  [1, 7],
  [5, 2],
])('orthonormalRows %i × %i: the shorter side is orthonormal', (rows, cols) => {
  const matrix = orthonormalRows(random(1), rows, cols);
  expect(matrix).toHaveLength(rows * cols);
  const at = (row: number, col: number): number => matrix[row * cols + col] as number;
  const vector = (k: number): number[] =>
    rows <= cols
      ? Array.from({ length: cols }, (_, col) => at(k, col))
      : Array.from({ length: rows }, (_, row) => at(row, k));
  const count = Math.min(rows, cols);
  for (let a = 0; a < count; a++)
    for (let b = 0; b < count; b++) {
      const product = vector(a).reduce((sum, x, k) => sum + x * (vector(b)[k] as number), 0);
      expect(product).toBeCloseTo(a === b ? 1 : 0, 12);
    }
});

test.each([
  ['uniform', uniformValues],
  ['normal', normalValues],
] as const)('%s values have mean 0 and the deviation asked for, and follow from the seed', (_, draw) => {
  const values = draw(random(2), 20_000, 0.3);
  expect(values.reduce((sum, x) => sum + x, 0) / values.length).toBeCloseTo(0, 2);
  expect(Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)).toBeCloseTo(0.3, 2);
  expect(draw(random(2), 20_000, 0.3)).toEqual(values);
});

test('uniform values are bounded by √3 deviations', () => {
  expect(Math.max(...uniformValues(random(3), 5000, 0.3).map(Math.abs))).toBeLessThanOrEqual(
    0.3 * Math.sqrt(3),
  );
});
