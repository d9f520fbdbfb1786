import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { anyShape, opLaws } from '../testing.ts';
import { square } from './pointwise.ts';
import { argMax, argMin, max, mean, min, sum } from './reduce.ts';
import type { ReduceOptions } from './reduction.ts';

// An empty reduction has a sum, but no mean and no extreme element.
const samples = (minExtent: number) =>
  anyShape({ minExtent }).chain((shape) =>
    fc
      .tuple(fc.subarray(shape.map((_, axis) => axis)), fc.boolean(), fc.boolean())
      .map(([axes, keepDims, all]) => ({
        shapes: [shape] as const,
        parameters: [all ? { keepDims } : { axis: axes, keepDims }] as readonly [ReduceOptions],
      })),
  );

describe('laws', () => {
  // Squared where the gradient would be constant.
  for (const law of opLaws('sum', (x: Tensor, o: ReduceOptions) => square(sum(x, o)), samples(0)))
    test(law.name, law.check);
  for (const law of opLaws('mean', (x: Tensor, o: ReduceOptions) => square(mean(x, o)), samples(1)))
    test(law.name, law.check);
  for (const law of opLaws('max', (x: Tensor, o: ReduceOptions) => square(max(x, o)), samples(1)))
    test(law.name, law.check);
  for (const law of opLaws('min', (x: Tensor, o: ReduceOptions) => square(min(x, o)), samples(1)))
    test(law.name, law.check);
});

describe('corners', () => {
  test('of nothing: 0, −∞, +∞ and NaN', () => {
    const x = tensor(new Float64Array(0), [2, 0]);
    const each = [sum, max, min, mean].map((reduce) => reduce(x, { axis: 1 }).toArray());
    expect(each).toEqual([
      [0, 0],
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      [Number.NaN, Number.NaN],
    ]);
  });

  test('equal largest elements share the gradient', () => {
    const x = tensor(new Float64Array([3, 3, 1, -1]));
    expect(grad((z: Tensor) => max(z))(x).toArray()).toEqual([0.5, 0.5, 0, 0]);
    expect(grad((z: Tensor) => min(z))(x).toArray()).toEqual([0, 0, 0, 1]);
  });

  test('a NaN wins, and its gradient is NaN', () => {
    const x = tensor(new Float64Array([1, Number.NaN]));
    expect(max(x).item()).toBeNaN();
    expect(grad((z: Tensor) => max(z))(x).toArray()).toEqual([Number.NaN, Number.NaN]);
  });

  test('argMax: first largest along the last axis, no gradient', () => {
    const index = argMax(
      tensor([
        [1, 3, 3],
        [2, 0, 1],
      ]),
    );
    expect([index.dtype, index.toArray()]).toEqual(['i32', [1, 0]]);
  });

  test('argMax and argMin along any axis, with and without it', () => {
    const x = tensor([
      [1, 3, 3],
      [2, 0, 1],
    ]);
    expect(argMax(x, { axis: 0 }).toArray()).toEqual([1, 0, 0]);
    expect(argMin(x).toArray()).toEqual([0, 1]);
    expect(argMin(x, { axis: -2, keepDims: true }).toArray()).toEqual([[0, 1, 1]]);
    expect(argMax(tensor(new Float64Array(24), [2, 3, 4]), { axis: 1, keepDims: true }).shape).toEqual([
      2, 1, 4,
    ]);
    expect(argMin(tensor([1, Number.NaN, 0])).item()).toBe(1);
    expect(argMin(tensor([0, -0, -0])).item()).toBe(0);
    expect(() => argMin(tensor(1))).toThrow(/argMin: expected at least one axis/);
    expect(() => argMax(x, { axis: 2 })).toThrow(/argMax: expected an axis from -2 to 1, got 2/);
  });

  test('axes are distinct and exist', () => {
    const x = tensor(new Float64Array(6), [2, 3]);
    expect(() => mean(x, { axis: [0, -2] })).toThrow(ShapeError);
    expect(() => mean(x, { axis: [0, -2] })).toThrow(/mean: expected axes that differ, got axes 0, -2/);
    expect(() => sum(x, { axis: 2 })).toThrow(/sum: expected an axis from -2 to 1, got 2/);
  });
});
