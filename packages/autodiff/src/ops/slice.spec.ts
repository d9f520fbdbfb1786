import { type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { square } from './pointwise.ts';
import { type SliceRange, slice } from './slice.ts';

const maybe = (least: number, most: number): fc.Arbitrary<number | undefined> =>
  fc.option(fc.integer({ min: least, max: most }), { nil: undefined });
const anyRange: fc.Arbitrary<SliceRange> = fc
  .record({ start: maybe(-4, 4), stop: maybe(-4, 4), step: fc.constantFrom(undefined, 1, 2, 3, -1, -2) })
  .map((range) => Object.fromEntries(Object.entries(range).filter(([, value]) => value !== undefined)));

const ranged = anyShape().chain((shape) =>
  fc
    .tuple(
      ...shape.map((extent) =>
        extent === 0 ? anyRange : fc.oneof(anyRange, fc.integer({ min: -extent, max: extent - 1 })),
      ),
    )
    .chain((ranges) => fc.integer({ min: 0, max: ranges.length }).map((count) => ranges.slice(0, count)))
    .map((ranges) => ({
      shapes: [shape] as readonly [Shape],
      parameters: [ranges] as readonly [readonly SliceRange[]],
    })),
);

describe('laws', () => {
  const sliced = (x: Tensor, ranges: readonly SliceRange[]): Tensor => square(slice(x, ranges));
  for (const law of opLaws('slice by ranges', sliced, ranged, { runs: 40 })) test(law.name, law.check);
});

describe('ranges mean what they do in NumPy', () => {
  // As range(10)[start:stop:step] of Python prints them.
  test.each<[SliceRange, number[]]>([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [{ start: 2, stop: 5 }, [2, 3, 4]],
    [{ start: -3 }, [7, 8, 9]],
    [{ stop: -8 }, [0, 1]],
    [{ step: 4 }, [0, 4, 8]],
    [{ start: 1, step: 3 }, [1, 4, 7]],
    [{ step: -1 }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [{ step: -4 }, [9, 5, 1]],
    [{ start: 7, stop: 2, step: -2 }, [7, 5, 3]],
    [{ start: -2, stop: -9, step: -3 }, [8, 5, 2]],
    [{ start: 3, stop: 100 }, [3, 4, 5, 6, 7, 8, 9]],
    [{ start: -100, stop: 2 }, [0, 1]],
    [{ start: 100, step: -5 }, [9, 4]],
    [{ stop: -100, step: -6 }, [9, 3]],
    [{ start: 5, stop: 2 }, []],
    [{ start: 100 }, []],
  ])('%o', (range, expected) => {
    const x = tensor(Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    expect(slice(x, [range]).toArray()).toEqual(expected);
  });

  test('a number takes one place and drops the axis; axes left out are whole', () => {
    const x = tensor(
      Int32Array.from({ length: 24 }, (_, k) => k),
      [2, 3, 4],
    );
    expect(slice(x, [1, -1]).toArray()).toEqual([20, 21, 22, 23]);
    expect(slice(x, [{ step: -1 }, 0, { start: 1, step: 2 }]).toArray()).toEqual([
      [13, 15],
      [1, 3],
    ]);
    expect(slice(x, []).shape).toEqual([2, 3, 4]);
  });
});

test('by starts and sizes, starts count from the end where negative', () => {
  const x = tensor([0, 1, 2, 3, 4]);
  expect(slice(x, [-2], [2]).toArray()).toEqual([3, 4]);
  expect(slice(x, [-3], [-1]).toArray()).toEqual([2, 3, 4]);
  expect(() => slice(x, [-6], [1])).toThrow(ShapeError);
});

test.each<[string, () => unknown, RegExp]>([
  ['more ranges than axes', () => slice(tensor([1]), [0, 0]), /slice: expected at most 1 ranges, got 2/],
  [
    'a place that is not there',
    () => slice(tensor([1, 2]), [2]),
    /slice: expected a place from -2 to 1 along axis 0, got 2/,
  ],
  ['a fraction', () => slice(tensor([1, 2]), [0.5]), /slice: expected a place/],
  ['step 0', () => slice(tensor([1]), [{ step: 0 }]), /slice: expected step: a whole number other than 0/],
  ['an unknown name', () => slice(tensor([1]), [{ end: 1 } as never]), /slice: unknown option end/],
  ['a number for a list', () => slice(tensor([1]), 0 as never), /slice: expected a list of ranges/],
])('refused: %s', (_, act, message) => expect(act).toThrow(message));
