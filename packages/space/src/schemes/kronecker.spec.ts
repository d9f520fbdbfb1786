import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { Parameter } from '../weight/parameter.ts';
import { Weight } from '../weight/weight.ts';
import fixtures from './kronecker.fixtures.json' with { type: 'json' };
import { kronecker } from './kronecker.ts';

const shape = { rows: 12, cols: 20 };
describe('kronecker obeys', () => {
  for (const law of schemeLaws(kronecker)) test(law.name, law.check);
});

describe.each(fixtures.cases)(
  '$terms terms of $shapes',
  ({ shapes, terms, rows, cols, stored, ...wanted }) => {
    const options = { shapes, terms };
    const arrays = Object.entries(kronecker.definition.stored(options, { rows, cols }));
    const parameters = arrays.map(([name, extents], k) =>
      Parameter.of(name, Float64Array.from(stored[k] as number[]), extents),
    );
    const { definition } = kronecker;
    const weight = new Weight({ definition, options, rows, cols, parameters, policy: 'tile' });
    const near = (found: ArrayLike<number>, expected: readonly number[]): void => {
      expect(found).toHaveLength(expected.length);
      expected.forEach((x, k) => {
        expect(found[k]).toBeCloseTo(x, 5);
      });
    };

    test('are the matrix of numpy.kron', () => near(weight.decode().dataSync(), wanted.entries));

    test('multiply as it does', () =>
      near(weight.matmul(tensor(wanted.x, [2, cols])).dataSync(), wanted.product));
  },
);

test.each([
  [
    1000,
    784,
    [
      [40, 28],
      [25, 28],
    ],
  ],
  [
    784,
    1000,
    [
      [28, 40],
      [28, 25],
    ],
  ],
  [
    10,
    1000,
    [
      [10, 10],
      [1, 100],
    ],
  ],
  [
    1024,
    1024,
    [
      [32, 32],
      [32, 32],
    ],
  ],
  [
    7,
    11,
    [
      [7, 1],
      [1, 11],
    ],
  ],
  [
    1,
    1,
    [
      [1, 1],
      [1, 1],
    ],
  ],
])('the shapes of a %i × %i matrix store little and are nearly square', (rows, cols, shapes) => {
  const found = createWeight(kronecker({ terms: 1 }), { rows, cols }).options.shapes as number[][];
  expect([...found].sort()).toEqual([...shapes].sort());
});

test('a budget decides the number of terms', () => {
  const termsOf = (values: number): unknown =>
    createWeight(
      kronecker({
        values,
        shapes: [
          [40, 28],
          [25, 28],
        ],
      }),
      { rows: 1000, cols: 784 },
    ).options.terms;
  expect([1820, 3639, 3640, 9100].map(termsOf)).toEqual([1, 1, 2, 5]);
});

test.each([
  [
    'shapes of another product',
    {
      terms: 1,
      shapes: [
        [3, 4],
        [4, 4],
      ],
    },
    'shapes whose product is the 12 × 20',
  ],
  [
    'too many terms',
    {
      terms: 13,
      shapes: [
        [4, 3],
        [3, 20 / 3],
      ],
    },
    '2 shapes of 2 whole numbers',
  ],
  [
    'one term too many',
    {
      terms: 13,
      shapes: [
        [3, 4],
        [4, 5],
      ],
    },
    'at most 12 terms',
  ],
  ['shapes that are none', { terms: 1, shapes: 'square' }, '2 shapes of 2 whole numbers'],
  ['a budget below one term', { values: 31 }, 'at least 32 values, one term'],
])('%s are refused', (_, options, message) => {
  const make = () => createWeight(kronecker(options as Parameters<typeof kronecker>[0]), shape);
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});

test('a matrix without rows has no Kronecker product', () => {
  expect(() => createWeight(kronecker({ terms: 1 }), { rows: 0, cols: 5 })).toThrow(ArgumentError);
});
