import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { anyShape, opLaws } from '../testing.ts';
import { cumsum } from './cumsum.ts';
import { multiply } from './pointwise.ts';
import { sum } from './reduce.ts';

const along = (axis: number) =>
  anyShape({ minRank: axis < 0 ? -axis : axis + 1 }).map((shape) => ({
    shapes: [shape] as const,
    parameters: [{ axis }] as const,
  }));

describe('laws', () => {
  for (const axis of [-1, 0, 1])
    for (const law of opLaws(`cumsum along ${axis}`, cumsum, along(axis), { runs: 20 }))
      test(law.name, law.check);
});

test('sums along each axis of a matrix; the last is the default', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const byRow = [
    [1, 3, 6],
    [4, 9, 15],
  ];
  expect(cumsum(x).toArray()).toEqual(byRow);
  expect(cumsum(x, { axis: 1 }).toArray()).toEqual(byRow);
  expect(cumsum(x, { axis: -2 }).toArray()).toEqual([
    [1, 2, 3],
    [5, 7, 9],
  ]);
  expect(cumsum(tensor(Int32Array.of(1, 2, 3))).dataSync()).toEqual(Int32Array.of(1, 3, 6));
});

test('the gradient is the sum from the other end', () => {
  const weights = tensor([1, 10, 100]);
  const weighed = (x: Tensor) => sum(multiply(cumsum(x), weights));
  expect(grad(weighed)(tensor([5, 6, 7])).toArray()).toEqual([111, 110, 100]);
});

test('an axis that is not there is refused', () => {
  expect(() => cumsum(tensor([1]), { axis: 1 })).toThrow(ShapeError);
  expect(() => cumsum(tensor(1))).toThrow(ShapeError);
  expect(() => cumsum(tensor([1]), { dim: 0 } as never)).toThrow(/did you mean axis/);
});
