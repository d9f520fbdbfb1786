import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { lowRank } from './low-rank.ts';

describe('lowRank obeys', () => {
  for (const law of schemeLaws(lowRank)) test(law.name, law.check);
});

test.each(goldenNames('lowRank'))('golden values: %s', (name) => expectGolden(lowRank, name));

test('the rank is the largest that the budget allows, and no larger than the matrix has', () => {
  const rankOf = (values: number): unknown =>
    createWeight(lowRank({ values }), { rows: 6, cols: 10 }).options.rank;
  expect([16, 31, 32, 96, 1000].map(rankOf)).toEqual([1, 1, 2, 6, 6]);
});

test('a budget below rank 1 is refused', () => {
  const make = () => createWeight(lowRank({ values: 15 }), { rows: 6, cols: 10 });
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow('at least 16 values, rank 1 of a 6 × 10 matrix');
});
