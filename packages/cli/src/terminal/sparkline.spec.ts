import { expect, test } from 'vitest';
import { sparkline } from './sparkline.ts';

test.each<[readonly number[], number, string]>([
  [[], 8, ''],
  [[3], 8, '▁'],
  [[2, 2, 2], 8, '▁▁▁'],
  [[0, 1, 2, 3, 4, 5, 6, 7], 8, '▁▂▃▄▅▆▇█'],
  [[8, 8, 4, 4, 0, 0], 3, '█▅▁'],
  [[1, Number.NaN, 0], 8, '█▁'],
])('%j in %i is %s', (values, width, expected) => {
  expect(sparkline(values, width)).toBe(expected);
});
