import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { dense } from './dense.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';

describe('dense obeys', () => {
  for (const law of schemeLaws(dense)) test(law.name, law.check);
});

test.each(goldenNames('dense'))('golden values: %s', (name) => expectGolden(dense, name));

test('what is stored is the matrix', () => {
  const weight = createWeight(dense(), { rows: 3, cols: 4 });
  expect(weight.parameters[0]?.value.shape).toEqual([3, 4]);
  expect(weight.decode().dataSync()).toEqual(weight.parameters[0]?.value.dataSync());
});

test('a smaller budget is refused', () => {
  expect(createWeight(dense({ ratio: 1 }), { rows: 3, cols: 4 }).storedCount).toBe(12);
  expect(() => createWeight(dense({ ratio: 0.9 }), { rows: 3, cols: 4 })).toThrow(
    'room for the smallest form',
  );
});
