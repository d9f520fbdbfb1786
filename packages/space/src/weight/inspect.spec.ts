import { expect, test } from 'vitest';
import { uniform } from '../options.ts';
import { defineScheme } from '../scheme.ts';
import { dense, funHash, hashedNet, lowRank } from '../schemes/index.ts';
import { createWeight } from './create-weight.ts';
import { inspectWeight } from './inspect.ts';

test('a hashed weight: loads like chance, balanced signs', () => {
  const weight = createWeight(hashedNet({ values: 100 }), { rows: 100, cols: 200 });
  const { loads, positiveShare, entries } = inspectWeight(weight);
  expect(entries).toBe(20_000);
  expect(positiveShare).toBeCloseTo(0.5, 1);
  expect(loads).toHaveLength(1);
  expect(loads[0]).toMatchObject({ name: 'w', length: 100, mean: 200 });
  expect(loads[0]?.dispersion).toBeGreaterThan(0.5);
  expect(loads[0]?.dispersion).toBeLessThan(1.6);
  expect(loads[0]?.least).toBeGreaterThan(140);
  expect(loads[0]?.most).toBeLessThan(270);
});

test('every hash of FunHash counts, and g is read by every entry', () => {
  const weight = createWeight(funHash({ values: 60 }), { rows: 30, cols: 40 });
  const { loads } = inspectWeight(weight);
  expect(loads.map(({ name }) => name)).toEqual(['w', 'g0', 'g1']);
  expect(loads[0]?.mean).toBe((4 * 1200) / 50);
  expect(loads[1]).toMatchObject({ length: 8, least: 1200, mean: 1200, most: 1200, dispersion: 0 });
});

test('schemes without hashes', () => {
  const { loads, positiveShare } = inspectWeight(createWeight(dense(), { rows: 3, cols: 5 }));
  expect(positiveShare).toBeUndefined();
  expect(loads).toEqual([{ name: 'w', length: 15, least: 1, mean: 1, most: 1, dispersion: 0 }]);
  const factors = inspectWeight(createWeight(lowRank({ rank: 2 }), { rows: 3, cols: 5 }));
  expect(factors.loads.map(({ least, most }) => [least, most])).toEqual([
    [5, 5],
    [3, 3],
  ]);
});

test('rows longer than a panel are counted to their end', () => {
  const weight = createWeight(dense(), { rows: 1, cols: 5000 });
  expect(inspectWeight(weight)).toMatchObject({ entries: 5000, loads: [{ least: 1, most: 1 }] });
});

test('a bad scheme shows: half of the values unused, all signs alike', () => {
  const bad = defineScheme({
    kind: 'bad',
    source: 'a fault',
    options: { buckets: uniform.count(), seed: uniform.seed() },
    plan: ({ budget }) => ({ buckets: budget as number }),
    stored: ({ buckets }) => ({ w: [buckets] }),
    initialize: ({ options }) => ({ w: new Float64Array(options.buckets) }),
    entry: ({ row, col, hash }, { w }, { buckets, seed }) => {
      const h = hash(row, col, seed);
      return w.at(h.shr(1).below(buckets)).times(h.and(0xfffffffe).asSign());
    },
  });
  const { loads, positiveShare } = inspectWeight(createWeight(bad({ values: 20 }), { rows: 50, cols: 50 }));
  expect(loads[0]?.least).toBe(0);
  expect(loads[0]?.dispersion).toBeGreaterThan(10);
  expect(positiveShare).toBe(1);
});

test.each([
  [2 ** 31, 2 ** 31],
  [2, 2 ** 25],
])('of a weight %d × %d a bounded part is looked at', (rows, cols) => {
  const weight = createWeight(hashedNet({ values: 16 }), { rows, cols });
  expect(inspectWeight(weight).entries).toBe(2 ** 22);
});
