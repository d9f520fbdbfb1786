import { DTypeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradientsOf } from '../grad.ts';
import { cast } from './index-ops.ts';
import * as ops from './pointwise.ts';
import { argMax, argMin, max, mean, min, sum } from './reduce.ts';

const i32 = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const anyWhole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const wrapped = (value: bigint): number => Number(BigInt.asIntN(32, value));

// What each op means, in integers of any size.
const meaning = {
  add: [ops.add, (a, b) => a + b],
  subtract: [ops.subtract, (a, b) => a - b],
  multiply: [ops.multiply, (a, b) => a * b],
  maximum: [ops.maximum, (a, b) => (a - b > 0n ? a : b)],
  minimum: [ops.minimum, (a, b) => (a - b > 0n ? b : a)],
  equal: [ops.equal, (a, b) => BigInt(a === b)],
  notEqual: [ops.notEqual, (a, b) => BigInt(a !== b)],
  less: [ops.less, (a, b) => BigInt(a < b)],
  lessEqual: [ops.lessEqual, (a, b) => BigInt(a <= b)],
  greater: [ops.greater, (a, b) => BigInt(a > b)],
  greaterEqual: [ops.greaterEqual, (a, b) => BigInt(a >= b)],
} satisfies Record<string, [(a: ops.Operand, b: ops.Operand) => Tensor, (a: bigint, b: bigint) => bigint]>;

describe('i32 is exact, modulo 2^32', () => {
  test.each(Object.entries(meaning))('%s', (_, [op, means]) => {
    const near = fc
      .tuple(anyWhole, fc.integer({ min: -1, max: 1 }))
      .map(([a, d]) => [a, (a + d) | 0] as const);
    const pair = fc.oneof(
      fc.tuple(anyWhole, anyWhole),
      near,
      fc.tuple(fc.integer({ min: -3, max: 3 }), anyWhole),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const expected = wrapped(means(BigInt(a), BigInt(b)));
        const y = op(i32(a), i32(b));
        expect([y.dtype, y.item()]).toEqual(['i32', expected]);
        expect(op(i32(a), b).item()).toBe(expected);
        expect(op(a, i32(b)).item()).toBe(expected);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test('ops of one operand', () => {
    const x = i32(-3, 0, 5, 2 ** 31 - 1, -(2 ** 31));
    expect(ops.negative(x).dataSync()).toEqual(Int32Array.of(3, 0, -5, 1 - 2 ** 31, -(2 ** 31)));
    expect(ops.abs(x).dataSync()).toEqual(Int32Array.of(3, 0, 5, 2 ** 31 - 1, -(2 ** 31)));
    expect(ops.sign(x).dataSync()).toEqual(Int32Array.of(-1, 0, 1, 1, -1));
    expect(ops.square(i32(65_537)).item()).toBe(131_073);
    expect(ops.clip(x, -1, 2).dataSync()).toEqual(Int32Array.of(-1, 0, 2, 2, -1));
    expect(ops.relu(x).dataSync()).toEqual(Int32Array.of(0, 0, 5, 2 ** 31 - 1, 0));
    expect(ops.add(tensor(Int32Array.of(1, 2), [2, 1]), i32(10, 20)).toArray()).toEqual([
      [11, 21],
      [12, 22],
    ]);
  });

  test('sums and extremes', () => {
    expect(sum(i32(2 ** 31 - 1, 2)).item()).toBe(1 - 2 ** 31);
    expect(sum(tensor(Int32Array.of(1, 2, 3, 4), [2, 2]), { axis: 0 }).dataSync()).toEqual(
      Int32Array.of(4, 6),
    );
    expect([max(i32(16_777_216, 16_777_217)).item(), min(i32(-5, 3)).item()]).toEqual([16_777_217, -5]);
    expect([argMax(i32(16_777_216, 16_777_217)).item(), argMin(i32(0, -(2 ** 31), 1)).item()]).toEqual([
      1, 1,
    ]);
  });
});

test('the accuracy of a classifier in one line', () => {
  const scores = tensor([
    [1, 3],
    [2, 0],
    [0, 1],
  ]);
  const labels = i32(1, 0, 0);
  const hits = ops.equal(argMax(scores), labels);
  expect(hits.dataSync()).toEqual(Int32Array.of(1, 1, 0));
  expect(mean(cast(hits, 'f32')).item()).toBeCloseTo(2 / 3, 6);
});

describe('where takes conditions of any dtype', () => {
  const expected = [1, 20];
  test.each(['i32', 'u8', 'f32', 'f64'] as const)('%s', (dtype) => {
    const condition = tensor([1, 0], [2], { dtype });
    for (const values of ['i32', 'f32', 'f64'] as const) {
      const [x, y] = [tensor([1, 2], [2], { dtype: values }), tensor([10, 20], [2], { dtype: values })];
      const chosen = ops.where(condition, x, y);
      expect([chosen.dtype, chosen.toArray()]).toEqual([values, expected]);
    }
  });

  test('a fraction is not 0', () => {
    expect(ops.where(tensor([0.5, 0]), i32(1, 2), i32(10, 20)).toArray()).toEqual(expected);
  });

  test('the gradient passes a condition of whole numbers', () => {
    const [x, y] = [tensor([1, 2]), tensor([3, 4])];
    const [, [dX, dY]] = gradientsOf(() => sum(ops.where(ops.greater(i32(1, 0), 0), x, y)), [x, y]);
    expect([dX?.toArray(), dY?.toArray()]).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });
});

test.each<[string, () => unknown, RegExp]>([
  [
    'a fraction beside i32',
    () => ops.add(i32(1), 0.5),
    /add: expected whole numbers beside operands of i32, got 0.5.*cast/,
  ],
  ['f32 beside i32', () => ops.equal(i32(1), tensor([1])), /equal: .*one floating-point dtype.*cast/],
  ['a quotient', () => ops.divide(i32(3), i32(2)), /divide: .*cast/],
  ['a slope of 0.01', () => ops.leakyRelu(i32(3)), /leakyRelu: .*cast/],
  ['a mean', () => mean(i32(1, 2)), /mean: .*cast/],
  ['bytes', () => ops.add(tensor(Uint8Array.of(1)), tensor(Uint8Array.of(1))), /add: .*u8.*cast/],
])('refused: %s', (_, act, message) => {
  expect(act).toThrow(DTypeError);
  expect(act).toThrow(message);
});
