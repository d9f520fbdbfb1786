import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { type FlipOptions, flip } from './flip.ts';
import { square } from './pointwise.ts';

const samples = anyShape().chain((shape) =>
  fc.tuple(fc.subarray([...shape.keys()]), fc.boolean()).map(([axis, all]) => ({
    shapes: [shape] as const,
    parameters: [all ? {} : { axis }] as readonly [FlipOptions],
  })),
);

describe('laws', () => {
  const flipped = (x: Tensor, options: FlipOptions): Tensor => square(flip(x, options));
  for (const law of opLaws('flip', flipped, samples)) test(law.name, law.check);
});

test('along one axis, along all, of any dtype', () => {
  const x = tensor(Int32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  expect(flip(x, { axis: -1 }).toArray()).toEqual([
    [3, 2, 1],
    [6, 5, 4],
  ]);
  expect(flip(x, { axis: 0 }).dataSync()).toEqual(Int32Array.of(4, 5, 6, 1, 2, 3));
  expect(flip(x).dataSync()).toEqual(Int32Array.of(6, 5, 4, 3, 2, 1));
  expect(flip(tensor(7)).item()).toBe(7);
});

test('an axis that is not there is refused', () => {
  expect(() => flip(tensor([1]), { axis: 1 })).toThrow(/flip: expected an axis from -1 to 0, got 1/);
  expect(() => flip(tensor([[1]]), { axis: [0, -2] })).toThrow(/flip: expected axes that differ/);
});
