import { ArgumentError } from '@funhash/hashing';
import { DTypeError, type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { gather, takeAlongAxis } from './gather.ts';
import { square } from './pointwise.ts';

const i32 = (shape: Shape, ...values: number[]): Tensor => tensor(Int32Array.from(values), shape);
const axisOf = (shape: Shape): fc.Arbitrary<number> =>
  fc.integer({ min: -shape.length, max: shape.length - 1 });
const extentAt = (shape: Shape, axis: number): number => shape.at(axis) as number;
const placesIn = (extent: number, count: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: extent - 1 }), { minLength: count, maxLength: count });
const product = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

interface Choice {
  readonly axis: number;
  readonly indexShape: Shape;
  readonly places: readonly number[];
}

const taken = anyShape({ minRank: 1, minExtent: 1 }).chain((shape) =>
  fc.tuple(axisOf(shape), anyShape({ maxRank: 2 })).chain(([axis, indexShape]) =>
    placesIn(extentAt(shape, axis), product(indexShape)).map((places) => ({
      shapes: [shape] as readonly [Shape],
      parameters: [{ axis, indexShape, places }] as readonly [Choice],
    })),
  ),
);

const along = anyShape({ minRank: 1, minExtent: 1 }).chain((shape) =>
  fc.tuple(axisOf(shape), fc.integer({ min: 1, max: 4 }), fc.boolean()).chain(([axis, count, broadcasts]) => {
    const beside = broadcasts ? shape.map(() => 1) : shape;
    const indexShape = beside.with(axis < 0 ? axis + shape.length : axis, count);
    return placesIn(extentAt(shape, axis), product(indexShape)).map((places) => ({
      shapes: [shape] as readonly [Shape],
      parameters: [{ axis, indexShape, places }] as readonly [Choice],
    }));
  }),
);

describe('laws', () => {
  const take = (x: Tensor, { axis, indexShape, places }: Choice): Tensor =>
    square(gather(x, i32(indexShape, ...places), { axis }));
  for (const law of opLaws('gather', take, taken)) test(law.name, law.check);
  const takeAlong = (x: Tensor, { axis, indexShape, places }: Choice): Tensor =>
    square(takeAlongAxis(x, i32(indexShape, ...places), { axis }));
  for (const law of opLaws('takeAlongAxis', takeAlong, along)) test(law.name, law.check);
});

test('gather puts the axes of the index in the place of its axis', () => {
  const x = tensor(new Float32Array(24), [2, 3, 4]);
  expect(gather(x, i32([2, 2], 0, 1, 1, 0)).shape).toEqual([2, 2, 3, 4]);
  expect(gather(x, i32([5, 1], 0, 1, 2, 2, 0), { axis: 1 }).shape).toEqual([2, 5, 1, 4]);
  expect(gather(x, i32([], 3), { axis: -1 }).shape).toEqual([2, 3]);
  expect(gather(tensor([10, 20, 30]), i32([2, 2], 2, 0, 1, 1)).toArray()).toEqual([
    [30, 10],
    [20, 20],
  ]);
});

test('takeAlongAxis sorts a matrix by its rows, of any dtype', () => {
  const x = i32([2, 3], 3, 1, 2, 6, 5, 4);
  expect(takeAlongAxis(x, i32([2, 3], 1, 2, 0, 2, 1, 0)).dataSync()).toEqual(Int32Array.of(1, 2, 3, 4, 5, 6));
  expect(takeAlongAxis(x, i32([1, 3], 1, 0, 1), { axis: 0 }).toArray()).toEqual([[6, 1, 4]]);
});

test('an index beyond its line is refused, not read from the next one', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(() => takeAlongAxis(x, i32([2, 1], 2, 0))).toThrow(ArgumentError);
  expect(() => takeAlongAxis(x, i32([2, 1], 2, 0))).toThrow(
    /takeAlongAxis: expected indices from 0 to 1, got 2/,
  );
  expect(() => takeAlongAxis(x, i32([2, 1], -1, 0))).toThrow(/takeAlongAxis: .*got -1/);
  expect(() => takeAlongAxis(x, i32([2], 0, 0))).toThrow(ShapeError);
  expect(() => takeAlongAxis(x, i32([3, 1], 0, 0, 0))).toThrow(
    /takeAlongAxis: expected shapes that broadcast/,
  );
  expect(() => gather(x, tensor([0]))).toThrow(DTypeError);
});
