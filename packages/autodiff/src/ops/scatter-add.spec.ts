import { ArgumentError } from '@funhash/hashing';
import { type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { square } from './pointwise.ts';
import { indexAdd, scatterAdd } from './scatter-add.ts';

const i32 = (shape: Shape, ...values: number[]): Tensor => tensor(Int32Array.from(values), shape);
const product = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

interface Choice {
  readonly axis: number;
  readonly places: readonly number[];
}

const samples = (placesOf: (shape: Shape, count: number) => number) =>
  anyShape({ minRank: 1, minExtent: 1 }).chain((shape) =>
    fc
      .tuple(fc.integer({ min: 0, max: shape.length - 1 }), fc.integer({ min: 0, max: 4 }))
      .chain(([axis, count]) => {
        const size = placesOf(shape.with(axis, count), count);
        return fc
          .array(fc.integer({ min: 0, max: (shape[axis] as number) - 1 }), {
            minLength: size,
            maxLength: size,
          })
          .map((places) => ({
            shapes: [shape, shape.with(axis, count)] as readonly [Shape, Shape],
            parameters: [{ axis, places }] as readonly [Choice],
          }));
      }),
  );

describe('laws', () => {
  const scattered = (base: Tensor, x: Tensor, { axis, places }: Choice): Tensor =>
    square(scatterAdd(x, i32(x.shape, ...places), base, { axis }));
  for (const law of opLaws('scatterAdd on a base', scattered, samples(product))) test(law.name, law.check);
  const added = (base: Tensor, x: Tensor, { axis, places }: Choice): Tensor =>
    square(indexAdd(base, i32([places.length], ...places), x, { axis }));
  for (const law of opLaws(
    'indexAdd',
    added,
    samples((_, count) => count),
  ))
    test(law.name, law.check);
});

test('scatterAdd adds each element on its own line; indexAdd whole slices', () => {
  const base = i32([2, 3], 100, 200, 300, 400, 500, 600);
  const x = i32([2, 2], 1, 2, 3, 4);
  expect(scatterAdd(x, i32([2, 2], 0, 0, 2, 1), base, { axis: 1 }).toArray()).toEqual([
    [103, 200, 300],
    [400, 504, 603],
  ]);
  expect(indexAdd(base, i32([2], 2, 2), x, { axis: -1 }).toArray()).toEqual([
    [100, 200, 303],
    [400, 500, 607],
  ]);
  expect(indexAdd(tensor([1, 2]), i32([3], 1, 1, 0), tensor([10, 20, 30])).toArray()).toEqual([31, 32]);
});

test('indices of several axes go with as many axes of x', () => {
  expect(
    scatterAdd(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      i32([2, 2], 0, 2, 2, 0),
      3,
    ).toArray(),
  ).toEqual([5, 0, 5]);
  expect(() => scatterAdd(tensor([1, 2]), i32([1, 2], 0, 1), 2)).toThrow(
    /scatterAdd: expected x \[1, 2, ...\]/,
  );
});

test('what does not fit is refused, an index beyond its line too', () => {
  const [base, x] = [tensor(new Float32Array(6), [2, 3]), tensor(new Float32Array(4), [2, 2])];
  expect(() => scatterAdd(x, i32([2, 2], 0, 1, 3, 0), base, { axis: 1 })).toThrow(ArgumentError);
  expect(() => scatterAdd(x, i32([2, 2], 0, 1, 3, 0), base, { axis: 1 })).toThrow(
    /scatterAdd: .*0 to 2, got 3/,
  );
  expect(() => scatterAdd(x, i32([2], 0, 1), base, { axis: 1 })).toThrow(/Use indexAdd/);
  expect(() => scatterAdd(x, i32([2, 2], 0, 1, 0, 0), base)).toThrow(ShapeError);
  expect(() => indexAdd(base, i32([2], 0, 1), x)).toThrow(/indexAdd: expected tensors of equal extents/);
});
