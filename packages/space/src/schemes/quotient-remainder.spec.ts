import { describe, expect, test } from 'vitest';
import { entriesOf } from '../testing/subject.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { quotientRemainder } from './quotient-remainder.ts';

describe('quotientRemainder obeys', () => {
  for (const law of schemeLaws(quotientRemainder)) test(law.name, law.check);
});

test('each row has a pair of its own', () => {
  const weight = createWeight(quotientRemainder({ remainders: 4 }), { rows: 11, cols: 1 });
  const entries = entriesOf(weight.virtual, [Float64Array.of(2, 3, 5), Float64Array.of(7, 11, 13, 17)]);
  expect([...entries]).toEqual([14, 22, 26, 34, 21, 33, 39, 51, 35, 55, 65]);
});

test('sizes', () => {
  const shapes = (request: Parameters<typeof quotientRemainder>[0]) =>
    createWeight(quotientRemainder(request), { rows: 62_500, cols: 32 }).parameters.map(
      ({ value }) => value.shape[0],
    );
  expect(shapes({})).toEqual([250, 250]);
  expect(shapes({ values: 16_000 })).toEqual([250, 250]);
  expect(shapes({ values: 64_000 })).toEqual([32, 1968]);
  expect(() => shapes({ values: 15_000 })).toThrow('smallest form');
  expect(() => shapes({ remainders: 62_501 })).toThrow('remainders up to the 62500 rows');
});
