import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { anyShape, opLaws } from '../testing.ts';
import { norm } from './norm.ts';

const samples = (order: number) =>
  anyShape({ minExtent: 1 }).chain((shape) =>
    fc.tuple(fc.subarray([...shape.keys()]), fc.boolean(), fc.boolean()).map(([axes, keepDims, all]) => ({
      shapes: [shape] as const,
      parameters: [{ order, keepDims, ...(!all && { axis: axes }) }] as const,
    })),
  );

describe('laws', () => {
  for (const order of [1, 2, 3, 1.5, Number.POSITIVE_INFINITY])
    for (const law of opLaws(`norm of order ${order}`, norm, samples(order), { low: 0.3, high: 2, runs: 10 }))
      test(law.name, law.check);
  for (const law of opLaws('norm of any signs', norm, samples(2), { runs: 10 })) test(law.name, law.check);
});

test('neither squares nor sums of them overflow or vanish', () => {
  expect(norm(tensor([3e30, -4e30])).item()).toBeCloseTo(5e30, -25);
  expect(norm(tensor([3e-30, 4e-30])).item() / 5e-30).toBeCloseTo(1, 6);
  expect(norm(tensor(new Float64Array([3e200, 4e200]))).item() / 5e200).toBeCloseTo(1, 12);
  expect(norm(tensor([3, 4]), { order: 7 }).item()).toBeCloseTo((3 ** 7 + 4 ** 7) ** (1 / 7), 5);
});

test('of nothing and of zeros 0, with gradient 0; ∞ and NaN stay', () => {
  expect(norm(tensor(new Float32Array(0))).item()).toBe(0);
  for (const order of [1, 1.5, 2, 3, Number.POSITIVE_INFINITY]) {
    const zeros = tensor(new Float64Array(2));
    expect(norm(zeros, { order }).item()).toBe(0);
    expect(grad((x: Tensor) => norm(x, { order }))(zeros).toArray()).toEqual([0, 0]);
    expect(norm(tensor([1, Number.NEGATIVE_INFINITY]), { order }).item()).toBe(Number.POSITIVE_INFINITY);
    expect(norm(tensor([1, Number.NaN]), { order }).item()).toBeNaN();
  }
});

test.each([0, -1, Number.NaN])('order %s is refused', (order) => {
  expect(() => norm(tensor([1]), { order })).toThrow(/norm: expected order: a number above 0, or Infinity/);
});
