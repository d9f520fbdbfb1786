import { type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradientsOf } from '../grad.ts';
import { opLaws } from '../testing.ts';
import { type MatmulOptions, matmul } from './matmul.ts';
import { square } from './pointwise.ts';
import { sum } from './reduce.ts';

const extent = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constant(0) },
);

const leads = fc.constantFrom<readonly [Shape, Shape]>(
  [[], []],
  [[2], []],
  [[], [2]],
  [[2], [2]],
  [[2, 1], [2]],
  [[1], [2, 1]],
  [[0], []],
);

const operands = fc
  .tuple(extent, extent, extent, leads, fc.boolean(), fc.boolean())
  .map(([m, k, n, [leadA, leadB], transposeA, transposeB]) => {
    const a = [...leadA, ...(transposeA ? [k, m] : [m, k])];
    const b = [...leadB, ...(transposeB ? [n, k] : [k, n])];
    return {
      shapes: [a, b, [n]] as readonly [Shape, Shape, Shape],
      parameters: [{ transposeA, transposeB }] as const,
    };
  });

const biased = (a: Tensor, b: Tensor, bias: Tensor, options: MatmulOptions): Tensor =>
  matmul(a, b, { ...options, bias });

describe('laws', () => {
  for (const law of opLaws('matmul with bias', biased, operands)) test(law.name, law.check);
  const plain = operands.map(({ shapes: [a, b], parameters }) => ({
    shapes: [a, b] as readonly [Shape, Shape],
    parameters,
  }));
  const product = (a: Tensor, b: Tensor, options: MatmulOptions): Tensor => matmul(a, b, options);
  for (const law of opLaws('matmul', product, plain)) test(law.name, law.check);
});

test('one matrix as both operands', () => {
  const x = tensor(new Float64Array([1, 2, 3, 4]), [2, 2]);
  const [, [g]] = gradientsOf(() => sum(matmul(x, x)), [x]);
  expect(g?.toArray()).toEqual([
    [7, 11],
    [9, 13],
  ]);
});

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('gradients lie in the order of their operands: transposeA %s, transposeB %s', (transposeA, transposeB) => {
  const a = tensor(new Float64Array(6), transposeA ? [3, 2] : [2, 3]);
  const b = tensor(new Float64Array(12), transposeB ? [4, 3] : [3, 4]);
  const [, gradients] = gradientsOf(() => sum(square(matmul(a, b, { transposeA, transposeB }))), [a, b]);
  expect(gradients.map((g) => g.isContiguous)).toEqual([true, true]);
});

test('errors name the shapes', () => {
  const x = tensor(new Float64Array(6), [2, 3]);
  expect(() => matmul(x, x)).toThrow(ShapeError);
  expect(() => matmul(x, x)).toThrow(/matmul: .*\[2, 3\] and \[2, 3\]/);
  expect(() => matmul(x, tensor(new Float64Array(3)))).toThrow(/matmul: .*\[3\]/);
  expect(() => matmul(x, x, { transposeB: true, bias: tensor(new Float64Array(3)) })).toThrow(
    /matmul: expected a bias of shape \[2\], got \[3\]/,
  );
});
