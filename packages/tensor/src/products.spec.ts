import { adjoint } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { arange, ones, tensor } from './create.ts';
import { DTypeError, ShapeError } from './errors.ts';
import { matmulCall, runFoldRows, runVirtualFold, runVirtualRows, virtualMatmulCall } from './products.ts';
import { runCall } from './run-kernel.ts';
import { memory } from './storage.ts';
import { hashed } from './testing/sample-formulas.ts';

const index = (...values: number[]) => tensor(Int32Array.from(values));

test('matmul broadcasts leading axes and checks operands', () => {
  const a = arange(12).view([2, 2, 3], [6, 3, 1], 0);
  expect(runCall(matmulCall(a, ones([3, 1]))).toArray()).toEqual([
    [[3], [12]],
    [[21], [30]],
  ]);
  expect(() => runCall(matmulCall(ones([2, 3]), ones([2, 3])))).toThrow(/\[2, 3\] and \[2, 3\]/);
  expect(() => runCall(matmulCall(ones([3]), ones([3, 2])))).toThrow(ShapeError);
  expect(() => runCall(matmulCall(ones([2, 3]), ones([3, 2]), { bias: ones([3]) }))).toThrow(
    /a bias of shape \[2\]/,
  );
});

test('matmul uses operands transposed, without copies of them', () => {
  const [a, b] = [tensor([[1, 2, 3]]), tensor([[4], [5], [6]])];
  const before = memory().buffers;
  expect(runCall(matmulCall(b, a, { transposeA: true, transposeB: true })).toArray()).toEqual([[32]]);
  expect(runCall(matmulCall(a, a, { transposeB: true })).toArray()).toEqual([[14]]);
  expect(memory().buffers).toBe(before + 2);
  const stack = arange(12).view([2, 2, 3], [6, 3, 1], 0);
  expect(runCall(matmulCall(stack, ones([2, 2]), { transposeA: true })).shape).toEqual([2, 3, 2]);
  expect(runCall(matmulCall(stack, ones([4, 6]), { transposeB: true, rowAxes: 1 })).shape).toEqual([2, 4]);
  expect(() => runCall(matmulCall(a, b, { transposeB: true }))).toThrow(/\[1, 3\] and \[1, 3\]/);
});

test('virtual products check their operands', () => {
  const { program, scalars } = hashed;
  const v = { program, scalars, rows: 3, cols: 2, uniforms: [29, 5], stored: [arange(29)] };
  const rows = runVirtualRows(v, null);
  expect(runVirtualRows(v, index(2, 0)).toArray()).toEqual(
    [2, 0].map((row) => (rows.toArray() as number[][])[row]),
  );
  expect(
    runCall(
      virtualMatmulCall(
        tensor([
          [1, 0],
          [0, 1],
        ]),
        v,
      ),
    )
      .view([3, 2], [1, 3], 0)
      .toArray(),
  ).toEqual(rows.toArray());
  const back = adjoint(program);
  const [whole] = runVirtualFold(ones([1, 3]), ones([1, 2]), v, back);
  expect(runFoldRows(ones([3, 2]), null, v, back)[0]?.toArray()).toEqual(whole?.toArray());
  expect(() => runCall(virtualMatmulCall(ones([1, 3]), v))).toThrow(/x of shape \[B, 2\]/);
  expect(() => runCall(virtualMatmulCall(ones([1, 2]), v, { bias: ones([2]) }))).toThrow(ShapeError);
  expect(() => runVirtualFold(ones([1, 2]), ones([1, 2]), v, back)).toThrow(/dY of shape \[1, 3\]/);
  expect(() => runFoldRows(ones([2, 2]), index(0), v, back)).toThrow(ShapeError);
  expect(() => runFoldRows(ones([1, 2]), tensor([0]), v, back)).toThrow(DTypeError);
  expect(() => runFoldRows(ones([1, 2], { dtype: 'f64' }), index(0), v, back)).toThrow(DTypeError);
  expect(() => runVirtualRows(v, index(3))).toThrow(ArgumentError);
});

test('operands of products may have several row and column axes', () => {
  const x = arange(5).view([2, 2, 2], [2, 1, 1], 0);
  expect(runCall(matmulCall(x, ones([2, 1]), { rowAxes: 2 })).toArray()).toEqual([
    [[1], [3]],
    [[5], [7]],
  ]);
  expect(runCall(matmulCall(x, ones([4, 1]), { rowAxes: 1, bias: tensor([1]) })).toArray()).toEqual([
    [5],
    [13],
  ]);
  expect(() => runCall(matmulCall(x, ones([2, 1]), { rowAxes: 1 }))).toThrow(
    /first 1 with product 2.*\[2, 2, 2\]/,
  );
  expect(() => runCall(matmulCall(x, ones([2, 4, 1]), { rowAxes: 1 }))).toThrow(/b of shape \[K, N\]/);
  for (const rowAxes of [0, 3])
    expect(() => runCall(matmulCall(x, ones([8, 1]), { rowAxes }))).toThrow(ShapeError);
  const stored = [ones([29])];
  const v = { ...hashed, rows: 3, cols: 4, uniforms: hashed.uniforms(1), stored };
  expect(runCall(virtualMatmulCall(x, v, { rowAxes: 1 })).shape).toEqual([2, 3]);
  expect(() => runCall(virtualMatmulCall(x, v))).toThrow(/first 2 with product 4/);
  expect(runVirtualFold(ones([2, 3]), x, v, hashed.adjoint)[0]?.shape).toEqual([29]);
  expect(() => runVirtualFold(ones([2, 2, 3]), x, v, hashed.adjoint)).toThrow(/first 2 with product 4/);
});
