import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entriesOf, otherValues } from '../testing/subject.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { randomEdgeRemoval } from './random-edge-removal.ts';

describe('randomEdgeRemoval obeys', () => {
  for (const law of schemeLaws(randomEdgeRemoval)) test(law.name, law.check);
});

test.each(goldenNames('randomEdgeRemoval'))('golden values: %s', (name) =>
  expectGolden(randomEdgeRemoval, name),
);

test('one edge of each block is kept, ragged blocks included, and any place of a block can be it', () => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(side, side, side, side, fc.nat(), (rows, cols, blockRows, blockCols, seed) => {
      const weight = createWeight(randomEdgeRemoval({ blockRows, blockCols, seed }), { rows, cols });
      const entries = entriesOf(weight.virtual, otherValues(weight, 1));
      const edges = new Map<string, number>();
      entries.forEach((entry, at) => {
        const block = `${Math.floor(Math.floor(at / cols) / blockRows)},${Math.floor((at % cols) / blockCols)}`;
        edges.set(block, (edges.get(block) ?? 0) + (entry === 0 ? 0 : 1));
      });
      expect([...edges.values()]).toEqual(Array(weight.storedCount).fill(1));
    }),
    { seed: 1, numRuns: 100 },
  );
  const kept = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const weight = createWeight(randomEdgeRemoval({ blockRows: 4, blockCols: 5, seed }), {
      rows: 3,
      cols: 4,
    });
    kept.add(entriesOf(weight.virtual, [Float64Array.of(1)]).indexOf(1));
  }
  expect(kept.size).toBe(12);
});

test.each([
  [1000, 784, 12_250, 12_250],
  [10, 1000, 156, 156],
  [1000, 784, 98_000, 98_000],
  [10, 1000, 1250, 1250],
  [2 ** 20, 64, 16, 16],
  [1, 1, 1, 1],
  [7, 5, 35, 35],
])('%i × %i within %i stored values: %i', (rows, cols, values, stored) => {
  expect(createWeight(randomEdgeRemoval({ values }), { rows, cols }).storedCount).toBe(stored);
});

test('at least half of any budget is used', () => {
  const extent = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(extent, extent, fc.double({ min: 1 / 64, max: 1, noNaN: true }), (rows, cols, ratio) => {
      const budget = Math.max(1, Math.round(ratio * rows * cols));
      const { storedCount } = createWeight(randomEdgeRemoval({ ratio }), { rows, cols });
      expect(storedCount).toBeLessThanOrEqual(budget);
      expect(storedCount).toBeGreaterThanOrEqual(Math.floor(budget * 0.5));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('blocks are as square as the shape allows', () => {
  const blockOf = (rows: number, cols: number, ratio: number): unknown[] => {
    const { blockRows, blockCols } = createWeight(randomEdgeRemoval({ ratio }), { rows, cols }).options;
    return [blockRows, blockCols];
  };
  expect(blockOf(1000, 784, 1 / 64)).toEqual([8, 8]);
  expect(blockOf(64, 64, 1 / 16)).toEqual([4, 4]);
});

test.each([
  [1000, 784],
  [10, 1000],
  [100, 784],
  [100, 100],
  [10, 100],
])('%i × %i: at least 95 percent of the budget is used at the ratios of the papers', (rows, cols) => {
  for (const denominator of [1, 2, 4, 8, 16, 32, 64]) {
    const weight = createWeight(randomEdgeRemoval({ ratio: 1 / denominator }), { rows, cols });
    const budget = Math.round((rows * cols) / denominator);
    expect(weight.storedCount).toBeLessThanOrEqual(budget);
    expect(weight.storedCount).toBeGreaterThanOrEqual(0.95 * budget);
  }
});

test('wrong blocks are refused', () => {
  const shape = { rows: 2 ** 20, cols: 2 ** 20 };
  expect(() => createWeight(randomEdgeRemoval({ values: 16 }), shape)).toThrow('fewer than 2^32 entries');
  expect(() => createWeight(randomEdgeRemoval({ blockRows: 0, blockCols: 1 }), shape)).toThrow(ArgumentError);
  expect(() => createWeight(randomEdgeRemoval({ blockRows: 2 }), shape)).toThrow('the option blockCols');
});
