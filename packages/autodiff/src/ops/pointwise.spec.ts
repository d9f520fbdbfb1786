import type { Real } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { DTypeError, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { grad, gradientsOf } from '../grad.ts';
import { type OpLawOptions, oneShape, opLaws, threeShapes, twoShapes } from '../testing.ts';
import * as ops from './pointwise.ts';
import { sum } from './reduce.ts';

const positive: OpLawOptions = { low: 0.2, high: 2 };

const unary: Record<string, [op: (x: Tensor) => Tensor, options?: OpLawOptions]> = {
  negative: [ops.negative],
  reciprocal: [ops.reciprocal, positive],
  square: [ops.square],
  sqrt: [ops.sqrt, positive],
  exp: [ops.exp],
  log: [ops.log, positive],
  expm1: [ops.expm1],
  log1p: [ops.log1p, { low: -0.8 }],
  sin: [ops.sin],
  cos: [ops.cos],
  abs: [ops.abs],
  sign: [ops.sign],
  floor: [ops.floor],
  ceil: [ops.ceil],
  round: [ops.round],
  relu: [ops.relu],
  leakyRelu: [ops.leakyRelu],
  elu: [ops.elu],
  tanh: [ops.tanh],
  sigmoid: [ops.sigmoid],
  softplus: [ops.softplus],
  silu: [ops.silu],
  gelu: [ops.gelu],
  zerosLike: [ops.zerosLike],
  onesLike: [ops.onesLike],
};

const binary: Record<string, [op: (x: Tensor, y: Tensor) => Tensor, options?: OpLawOptions]> = {
  add: [ops.add],
  subtract: [ops.subtract],
  multiply: [ops.multiply],
  divide: [ops.divide, positive],
  maximum: [ops.maximum],
  minimum: [ops.minimum],
  greater: [ops.greater],
  greaterEqual: [ops.greaterEqual],
  less: [ops.less],
  lessEqual: [ops.lessEqual],
  equal: [ops.equal],
  notEqual: [ops.notEqual],
};

describe('laws', () => {
  for (const [name, [op, options]] of Object.entries(unary))
    for (const law of opLaws(name, op, oneShape(), { runs: 12, ...options })) test(law.name, law.check);
  for (const [name, [op, options]] of Object.entries(binary))
    for (const law of opLaws(name, op, twoShapes(), { runs: 12, ...options })) test(law.name, law.check);
  const choose = (c: Tensor, x: Tensor, y: Tensor): Tensor => ops.where(ops.greater(c, 0), x, y);
  for (const law of opLaws('where', choose, threeShapes(), { runs: 12 })) test(law.name, law.check);
  for (const law of opLaws('clip', ops.clip, threeShapes(), { runs: 12 })) test(law.name, law.check);
  const between = oneShape().map(({ shapes }) => ({ shapes, parameters: [-0.5, 1] as const }));
  for (const law of opLaws('clip between numbers', ops.clip, between)) test(law.name, law.check);
});

describe('number operands', () => {
  test('on either side, in the dtype of the tensor', () => {
    const x = tensor(new Float64Array([1, 2]));
    expect(ops.subtract(10, x).toArray()).toEqual([9, 8]);
    expect(ops.subtract(x, 0.1).toArray()).toEqual([0.9, 1.9]);
    expect(ops.where(x, 5, 6).toArray()).toEqual([5, 5]);
    expect(ops.multiply(x, 2).dtype).toBe('f64');
    expect(grad((z: Tensor) => sum(ops.divide(1, z)))(x).toArray()).toEqual([-1, -0.25]);
  });

  test('alone give an f32 scalar', () => {
    const y = ops.add(1, 2);
    expect([y.dtype, y.shape, y.item()]).toEqual(['f32', [], 3]);
  });

  test('nothing else is an operand', () => {
    const add = ops.add as (x: unknown, y: unknown) => Tensor;
    expect(() => add(tensor([1]), [1])).toThrow('add: expected tensors or numbers');
    expect(() => add(tensor([1]), undefined)).toThrow('add: expected tensors or numbers');
  });

  test('surplus arguments are refused: options, and what a caller such as map adds', () => {
    const relu = ops.relu as (...operands: unknown[]) => Tensor;
    const x = tensor([-1, 2]);
    expect(() => relu(x, { inplace: true })).toThrow(
      new ArgumentError({
        operation: 'relu',
        expected: '1 operand and no options',
        actual: 'options inplace',
        remedy: 'For the elements of an array, write xs.map((x) => relu(x)).',
      }),
    );
    expect(() => [x].map(relu)).toThrow('relu: expected 1 operand and no options, got also number 0');
    expect(() => (ops.add as typeof relu)(x, x, x)).toThrow('2 operands and no options');
    expect(relu(x, undefined).toArray()).toEqual([0, 2]);
  });

  test('as many as the statement has parameters', () => {
    const gap = ops.elementwise('gap', (x, y) => x.minus(y).abs());
    expectTypeOf(gap).toEqualTypeOf<(x: ops.Operand, y: ops.Operand) => Tensor>();
    expect(gap(tensor([1]), 3).item()).toBe(2);
    expect(gap(1, 3).item()).toBe(2);
    expect(() => (gap as (x: Tensor) => Tensor)(tensor([1]))).toThrow('gap: expected tensors or numbers');
    const none = ops.elementwise('all', (...terms) => terms[0] as Real);
    expect(() => none(tensor([1]))).toThrow('all: expected a statement with one parameter for each operand');
  });
});

describe('corners', () => {
  const at = (op: (x: Tensor) => Tensor, ...points: number[]): number[][] => {
    const x = tensor(Float64Array.from(points));
    const slope = grad((z: Tensor) => sum(op(z)));
    const curvature = grad((z: Tensor) => sum(slope(z)));
    return [op(x), slope(x), curvature(x)].map((y) => Array.from(y.dataSync()));
  };

  test('values and derivatives at 0', () => {
    expect(at(ops.relu, 0)).toEqual([[0], [0], [0]]);
    expect(at(ops.abs, 0)).toEqual([[0], [0], [0]]);
    expect(at(ops.elu, 0)).toEqual([[0], [1], [1]]);
    expect(at(ops.softplus, 0)).toEqual([[Math.LN2], [0.5], [0.25]]);
    expect(at(ops.sigmoid, 0)).toEqual([[0.5], [0.25], [-0]]);
  });

  test('far out nothing overflows', () => {
    expect(at(ops.softplus, 1e4, -1e4)).toEqual([
      [1e4, 0],
      [1, 0],
      [0, 0],
    ]);
    expect(at(ops.sigmoid, 1e4, -1e4)[0]).toEqual([1, 0]);
    expect(at(ops.elu, 1e4, -1e4).slice(0, 2)).toEqual([
      [1e4, -1],
      [1, 0],
    ]);
    expect(at(ops.silu, 1e4, -1e4)[0]).toEqual([1e4, -0]);
  });

  test('clip: gradient 1 at the bounds, 0 outside, bounds have their share', () => {
    const x = tensor(new Float64Array([-2, -1, 0, 1, 2]));
    const [low, high] = [tensor(new Float64Array([-1])), tensor(new Float64Array([1]))];
    const [, gradients] = gradientsOf(() => sum(ops.clip(x, low, high)), [x, low, high]);
    expect(gradients.map((g) => Array.from(g.dataSync()))).toEqual([[0, 1, 1, 1, 0], [1], [1]]);
  });

  test('infinities are equal, NaN is not', () => {
    const x = tensor([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1]);
    const y = tensor([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN, Number.NaN]);
    expect(ops.equal(x, y).toArray()).toEqual([1, 0, 0, 0]);
    expect(ops.notEqual(x, y).toArray()).toEqual([0, 1, 1, 1]);
    expect(ops.greaterEqual(x, y).toArray()).toEqual([1, 0, 0, 0]);
  });

  test('where chooses without touching what it leaves out', () => {
    const x = tensor(new Float64Array([0, 4]));
    const f = (z: Tensor): Tensor => sum(ops.where(ops.greater(z, 0), ops.sqrt(ops.maximum(z, 1)), 0));
    expect(grad(f)(x).toArray()).toEqual([0, 0.25]);
  });
});

describe('errors', () => {
  test('name the op and the operands', () => {
    expect(() => ops.add(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(() => ops.add(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(/add: .*\[2\] and \[3\]/);
    expect(() => ops.exp(tensor([1], [1], { dtype: 'i32' }))).toThrow(DTypeError);
    expect(() => ops.exp(tensor([1], [1], { dtype: 'i32' }))).toThrow(/exp: .*i32.*cast/);
    const mixed = () => ops.multiply(tensor([1]), tensor(new Float64Array([1])));
    expect(mixed).toThrow(/multiply: .*f32.*f64/);
  });
});
