import { tracePointwise } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { ones, tensor, zeros } from './create.ts';
import {
  assign,
  runArgMax,
  runCast,
  runGather,
  runLogSumExp,
  runMap,
  runPlace,
  runReduce,
  runScan,
  runScatterAdd,
  updateInPlace,
} from './dispatch.ts';
import { DTypeError, ShapeError } from './errors.ts';
import { memory } from './storage.ts';

const add = tracePointwise(2, 0, ([a, b]) => [a!.plus(b!)]);
const step = tracePointwise(2, 1, ([p, g], [rate]) => [p!.minus(g!.times(rate!))]);
const index = (...values: number[]) => tensor(Int32Array.from(values));

describe('runMap', () => {
  test('broadcasts operands', () => {
    const [sum] = runMap('add', add, [tensor([[1], [2]]), tensor([10, 20, 30])]);
    expect(sum?.toArray()).toEqual([
      [11, 21, 31],
      [12, 22, 32],
    ]);
    expect(() => runMap('add', add, [ones([2, 3]), ones([2])])).toThrow(ShapeError);
    expect(() => runMap('add', add, [ones([2]), ones([2], { dtype: 'f64' })])).toThrow(/Convert with cast/);
    expect(runMap('add', add, [index(1), index(2)])[0]?.item()).toBe(3);
    expect(() => runMap('add', add, [index(1), ones([1])])).toThrow(DTypeError);
  });

  test('does not keep broadcast operands alive', () => {
    const before = memory();
    const [x, bias] = [ones([4, 3]), ones([3])];
    const [sum] = runMap('add', add, [x, bias]);
    for (const gone of [x, bias, sum]) gone?.dispose();
    expect(memory()).toEqual(before);
  });
});

describe('updateInPlace', () => {
  test('overwrites the first targets and counts their versions', () => {
    const [p, g] = [tensor([1, 2]), tensor([10, 20])];
    const view = p.view([1], [1], 1);
    updateInPlace('sgd', step, [p], [g], [0.1]);
    expect(p.toArray()).toEqual([0, 0]);
    expect(view.toArray()).toEqual([0]);
    expect([p.storage.version, view.storage.version, g.storage.version]).toEqual([1, 1, 0]);
    updateInPlace('sgd', step, [p], [g], [0]);
    expect(p.storage.version).toBe(2);
  });

  test('refuses other shapes and strided targets', () => {
    const square = ones([2, 2]);
    expect(() => updateInPlace('sgd', step, [ones([2])], [ones([3])], [1])).toThrow(ShapeError);
    expect(() => updateInPlace('sgd', step, [square.view([2, 2], [1, 2], 0)], [square], [1])).toThrow(
      ArgumentError,
    );
    expect(square.storage.version).toBe(0);
  });
});

test('assign overwrites and counts the version', () => {
  const target = zeros([2, 2]);
  assign(
    target,
    tensor([
      [1, 2],
      [3, 4],
    ]).view([2, 2], [1, 2], 0),
  );
  expect(target.toArray()).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(target.storage.version).toBe(1);
  expect(() => assign(target, ones([4]))).toThrow(ShapeError);
});

test('cast and place', () => {
  const x = tensor([1.5, -2.5]);
  expect(runCast(x, 'f32')).toBe(x);
  expect(() => runCast(x, 'i32')).toThrow(
    'cast: expected whole numbers from -2147483648 to 2147483647 for dtype i32, got 1.5 at element [0]',
  );
  expect(runCast(tensor([1, -2]), 'i32').dataSync()).toEqual(Int32Array.of(1, -2));
  expect(runCast(tensor(Uint8Array.of(255)), 'i32').item()).toBe(255);
  expect(() =>
    runCast(
      tensor([
        [1, 2],
        [3, 256],
      ]),
      'u8',
    ),
  ).toThrow('256 at element [1, 1]');
  const placed = runPlace(
    [ones([1, 2]), tensor([[7]])],
    [2, 3],
    [
      [0, 1],
      [1, 0],
    ],
    5,
  );
  expect(placed.toArray()).toEqual([
    [5, 1, 1],
    [7, 5, 5],
  ]);
});

describe('reductions', () => {
  const x = tensor([
    [1, 5, 3],
    [4, 2, 6],
  ]);

  test('keep reduced axes with extent 1', () => {
    expect(runReduce('sum', x, [0]).toArray()).toEqual([[5, 7, 9]]);
    expect(runReduce('max', x, [-1]).toArray()).toEqual([[5], [6]]);
    expect(runReduce('min', x, [0, 1]).toArray()).toEqual([[1]]);
    expect(runReduce('sum', x, []).toArray()).toEqual(x.toArray());
    expect(runReduce('max', zeros([0, 2]), [0]).toArray()).toEqual([[-Infinity, -Infinity]]);
    expect(() => runReduce('sum', x, [2])).toThrow(ShapeError);
    expect(runReduce('sum', index(1, 2), [0], []).item()).toBe(3);
    expect(() => runReduce('sum', tensor(Uint8Array.of(1)), [0])).toThrow(DTypeError);
  });

  test('argMax and logSumExp along the last axis', () => {
    expect(runArgMax(x).dataSync()).toEqual(Int32Array.of(1, 2));
    expect(runArgMax(tensor([1, Number.NaN, 2])).item()).toBe(1);
    expect(() => runArgMax(zeros([2, 0]))).toThrow(ShapeError);
    expect(runLogSumExp(tensor([1000, 1000])).item()).toBeCloseTo(1000 + Math.log(2), 3);
    expect(() => runLogSumExp(tensor(1))).toThrow(ShapeError);
  });
});

test('scan sums along the last axis, whole numbers exactly', () => {
  const x = index(1, 2, 3, 4, 5, 6);
  expect(runScan(x.view([2, 3], [3, 1], 0)).toArray()).toEqual([
    [1, 3, 6],
    [4, 9, 15],
  ]);
  expect(runScan(x.view([3, 2], [1, 3], 0)).toArray()).toEqual([
    [1, 5],
    [2, 7],
    [3, 9],
  ]);
  expect(runScan(zeros([2, 0])).shape).toEqual([2, 0]);
  expect(() => runScan(tensor(1))).toThrow(ShapeError);
  expect(() => runScan(tensor(Uint8Array.of(1)))).toThrow(DTypeError);
});

test('gather and scatterAdd check the index', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(runGather(x, index(1, 1, 0)).toArray()).toEqual([
    [3, 4],
    [3, 4],
    [1, 2],
  ]);
  expect(runScatterAdd(ones([3, 2]), index(1, 1, 0), 3).toArray()).toEqual([
    [1, 1],
    [2, 2],
    [0, 0],
  ]);
  expect(() => runGather(x, index(2))).toThrow(/indices from 0 to 1.*got 2/);
  expect(() => runGather(x, tensor([0]))).toThrow(DTypeError);
  expect(() => runGather(tensor(1), index(0))).toThrow(ShapeError);
  expect(() => runScatterAdd(x, index(0), 2)).toThrow(ShapeError);
});
