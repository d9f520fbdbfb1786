import { describe, expect, test } from 'vitest';
import { entriesOf } from '../testing/subject.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { hashEmbedding } from './hash-embedding.ts';

describe('hashEmbedding obeys', () => {
  for (const law of schemeLaws(hashEmbedding)) test(law.name, law.check);
});

test('a row is a sum of pool rows times importances', () => {
  const [rows, cols] = [40, 3];
  const weight = createWeight(hashEmbedding({ pool: 4, importances: 6, components: 2 }), { rows, cols });
  const pool = Float64Array.from({ length: 12 }, (_, k) => 10 ** Math.floor(k / 3) * ((k % 3) + 1));
  const importances = Float64Array.from({ length: 12 }, (_, k) => 1 + Math.floor(k / 2) / 10);
  const entries = entriesOf(weight.virtual, [pool, importances]);
  const kinds = new Set<number>();
  for (let row = 0; row < rows; row++) {
    const [first] = entries.subarray(row * cols) as unknown as [number];
    // Both importances of a row are one number here, 1 to 1.5, and its pool rows two powers of ten.
    const found = [1, 1.1, 1.2, 1.3, 1.4, 1.5].flatMap((p) =>
      [1, 10, 100, 1000].flatMap((a) => [1, 10, 100, 1000].map((b) => p * (a + b))),
    );
    expect(found.some((value) => Math.abs(value - first) < 1e-9)).toBe(true);
    expect(entries[row * cols + 2]).toBeCloseTo(3 * first, 9);
    kinds.add(Math.round(first * 10));
  }
  expect(kinds.size).toBeGreaterThan(15);
});

test('a budget is halved between pool and importances', () => {
  const weight = createWeight(hashEmbedding({ values: 16_000 }), { rows: 2 ** 31, cols: 32 });
  expect(weight.parameters.map(({ value }) => value.shape)).toEqual([
    [250, 32],
    [4000, 2],
  ]);
  expect(() => createWeight(hashEmbedding({ values: 3 }), { rows: 9, cols: 4 })).toThrow('smallest form');
});
