import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { anyShape, opLaws } from '../testing.ts';
import { prod } from './prod.ts';

const samples = anyShape().chain((shape) =>
  fc.tuple(fc.subarray([...shape.keys()]), fc.boolean(), fc.boolean()).map(([axis, keepDims, all]) => ({
    shapes: [shape] as const,
    parameters: [{ keepDims, ...(!all && { axis }) }] as const,
  })),
);

describe('laws', () => {
  for (const law of opLaws('prod', prod, samples)) test(law.name, law.check);
});

test('products of a matrix over each axis; of nothing 1', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(prod(x).item()).toBe(720);
  expect(prod(x, { axis: 0 }).toArray()).toEqual([4, 10, 18]);
  expect(prod(x, { axis: -1, keepDims: true }).toArray()).toEqual([[6], [120]]);
  expect(prod(tensor(new Float32Array(0), [2, 0]), { axis: 1 }).toArray()).toEqual([1, 1]);
});

test('gradients of both orders are right where elements are 0', () => {
  const of = (...values: number[]): unknown =>
    grad((x: Tensor) => prod(x))(tensor(Float64Array.from(values))).toArray();
  expect(of(2, 0, 5)).toEqual([0, 10, 0]);
  expect(of(0, 0, 5)).toEqual([0, 0, 0]);
  const second = grad((x: Tensor) => prod(grad((y: Tensor) => prod(y))(x), { axis: 0 }));
  expect(second(tensor(new Float64Array([0, 2]))).toArray()).toEqual([2, 0]);
});
