import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { hashedNet } from './hashed-net.ts';

const shape = { rows: 10, cols: 30 };

describe('hashedNet obeys', () => {
  for (const law of schemeLaws(hashedNet)) test(law.name, law.check);
});

test.each(goldenNames('hashedNet'))('golden values: %s', (name) => expectGolden(hashedNet, name));

test('the size is exact, by ratio, values or bytes', () => {
  expect(createWeight(hashedNet({ ratio: 1 / 8 }), shape).storedCount).toBe(38);
  expect(createWeight(hashedNet({ values: 41 }), shape).storedCount).toBe(41);
  expect(createWeight(hashedNet({ bytes: 103 }), shape).storedCount).toBe(25);
  expect(createWeight(hashedNet({ ratio: 1 }), shape).storedCount).toBe(300);
  expect(createWeight(hashedNet({ ratio: 1e-9 }), shape).storedCount).toBe(1);
  expect(createWeight(hashedNet({ buckets: 7 }), shape).storedCount).toBe(7);
  expect(createWeight(hashedNet({ ratio: 1 / 64 }), { rows: 1000, cols: 784 }).storedCount).toBe(12_250);
  expect(createWeight(hashedNet({ ratio: 1 / 64 }), { rows: 10, cols: 1000 }).storedCount).toBe(156);
});

test.each([
  [{ ratio: 0 }, 'ratio: a number above 0'],
  [{ ratio: -1 }, 'ratio: a number above 0'],
  [{ ratio: 1.01 }, 'at most 1'],
  [{ ratio: Number.NaN }, 'NaN'],
  [{ ratio: Number.POSITIVE_INFINITY }, 'Infinity'],
  [{ values: 0 }, 'values: a whole number'],
  [{ values: 1.5 }, '1.5'],
  [{ bytes: 3 }, 'bytes: a whole number ≥ 4'],
  [{ ratio: 0.5, bytes: 8 }, 'one of ratio, values and bytes'],
])('the size %o is refused', (size, message) => {
  expect(() => hashedNet(size)).toThrow(ArgumentError);
  expect(() => hashedNet(size)).toThrow(message);
});

test('buckets beyond the size are refused', () => {
  expect(() => createWeight(hashedNet({ ratio: 1 / 8, buckets: 39 }), shape)).toThrow(
    'a budget of 38 values',
  );
  expect(createWeight(hashedNet({ ratio: 1 / 8, buckets: 20 }), shape).storedCount).toBe(20);
});
