import { gradCheck } from '@funhash/autodiff';
import { ShapeError, tensor, zeros } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Flatten } from './flatten.ts';

test.each([
  [
    [2, 3, 4],
    [2, 12],
  ],
  [
    [2, 3],
    [2, 3],
  ],
  [[5], [5, 1]],
  [
    [0, 3, 2],
    [0, 6],
  ],
  [
    [3, 0, 2],
    [3, 0],
  ],
])('%o → %o', (shape, wanted) => {
  expect(new Flatten().forward(zeros(shape)).shape).toEqual(wanted);
});

test('keeps the order of elements, and their gradients', () => {
  const x = tensor([
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]);
  expect(new Flatten().forward(x).toArray()).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  gradCheck((input) => new Flatten().forward(input), [tensor(Float64Array.of(1, 2, 3, 4), [1, 2, 2])]);
});

test('a scalar has no batch', () => {
  expect(() => new Flatten().forward(tensor(1))).toThrow(ShapeError);
});
