import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { entriesOf, valuesOf } from '../testing/subject.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { SharedSpace } from '../weight/shared-space.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { robe } from './robe.ts';

describe('robe obeys', () => {
  for (const law of schemeLaws(robe)) test(law.name, law.check);
});

describe('robe with blocks of 64 obeys', () => {
  const request = robe({ values: 90, block: 64 });
  for (const law of schemeLaws(request, { shape: { rows: 5, cols: 70 } })) test(law.name, law.check);
});

test('in a matrix narrower than a block some values have no part', async () => {
  const request = robe({ values: 72, block: 64 });
  const reach = schemeLaws(request, { shape: { rows: 5, cols: 22 } }).find(({ name }) => name === 'reach');
  await expect(reach?.check()).rejects.toThrow('got 42 that have none');
});

describe('robe on a shared space obeys', () => {
  for (const law of schemeLaws(() => robe({ space: new SharedSpace({ values: 70 }) })))
    test(law.name, law.check);
});

test.each(goldenNames('robe'))('golden values: %s', (name) => expectGolden(robe, name));

test('a block lies whole and in order in the stored array', () => {
  const weight = createWeight(robe({ values: 50 }), { rows: 6, cols: 32 });
  const places = Float64Array.from({ length: 50 }, (_, k) => k + 1);
  const entries = entriesOf(weight.virtual, [places]).map(Math.abs);
  for (let block = 0; block < entries.length; block += 8) {
    const found = [...entries.subarray(block, block + 8)];
    expect(found).toEqual(found.map((_, lane) => (found[0] as number) + lane));
  }
  expect(new Set(valuesOf(weight)[0]).size).toBe(50);
});

test('an array smaller than a block is refused', () => {
  const shape = { rows: 6, cols: 32 };
  expect(createWeight(robe({ values: 8 }), shape).storedCount).toBe(8);
  expect(() => createWeight(robe({ values: 7 }), shape)).toThrow(ArgumentError);
  expect(() => createWeight(robe({ values: 7 }), shape)).toThrow('at least one block of 8 stored values');
  expect(() => createWeight(robe({ values: 40, block: 3 as 2 }), shape)).toThrow('one of 2, 4, 8');
});
