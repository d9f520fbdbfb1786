import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { productHash } from './product-hash.ts';

describe('productHash obeys', () => {
  for (const law of schemeLaws(productHash)) test(law.name, law.check);
});

test.each(goldenNames('productHash'))('golden values: %s', (name) => expectGolden(productHash, name));

test('both tables are taken out of the budget', () => {
  const sizesOf = (values: number): number[] =>
    createWeight(productHash({ values }), { rows: 9, cols: 9 }).parameters.map(({ value }) => value.size);
  expect([2, 21, 40].map(sizesOf)).toEqual([
    [1, 1],
    [11, 10],
    [20, 20],
  ]);
  expect(() => sizesOf(1)).toThrow('room for the smallest form of the scheme, 2 values');
});
