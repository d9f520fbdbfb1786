import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { shown } from '../terminal/paint.ts';
import { comparisonTable, pointAt, usualCounts } from './search-comparison.ts';

const history = (...shares: readonly number[]) =>
  shares.map((nc, k) => ({
    executions: 300 * (k + 1),
    coverage: { nc },
    failingSeeds: k,
    adversarial: 2 * k,
  }));

test('what a search had come to is what its last round then had', () => {
  const points = history(0.1, 0.2, 0.3);
  expect([100, 300, 599, 600, 5000].map((tests) => pointAt(points, tests).executions)).toEqual([
    300, 300, 300, 600, 900,
  ]);
  expect(usualCounts(10_000)).toEqual([2000, 4000, 10_000]);
  expect(usualCounts(1)).toEqual([1]);
});

test('a row for each number of tests and strategy, with the spread over seeds', () => {
  const one = { seeds: 9, coreSeconds: 1 };
  const searches = [
    { ...one, strategy: 'random', seed: 0, history: history(0.1, 0.3) },
    { ...one, strategy: 'random', seed: 1, history: history(0.2, 0.3, 0.5) },
    { ...one, strategy: 'guided', seed: 0, history: history(0.5, 0.75) },
  ];
  expect(stripVTControlCharacters(shown(comparisonTable(searches, [300, 900]))).split('\n')).toEqual(
    [
      'tests  search           nc %  seeds that fail',
      '  300  random  15.00 ± 7.07        0.0 ± 0.0',
      '  300  guided         50.00                0',
      '  900  random  40.00 ± 14.14        1.5 ± 0.7',
      '  900  guided         75.00                1',
    ].map((line) => expect.stringMatching(new RegExp(`^ *${line.trim().replace(/ +/g, ' +')}$`))),
  );
});
