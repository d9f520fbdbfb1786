import { ArgumentError } from '@funhash/hashing';
import { DTypeError, type Shape, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradientsOf } from '../grad.ts';
import { anyShape, oneShape, opLaws } from '../testing.ts';
import { gather } from './gather.ts';
import { cast, oneHot } from './index-ops.ts';
import { square } from './pointwise.ts';
import { sum } from './reduce.ts';
import { scatterAdd } from './scatter-add.ts';

const i32 = (values: readonly number[]): Tensor => tensor(values, [values.length], { dtype: 'i32' });

const indexed = anyShape({ minRank: 1 }).chain((shape) =>
  fc
    .array(fc.integer({ min: 0, max: Math.max(0, (shape[0] as number) - 1) }), {
      maxLength: shape[0] === 0 ? 0 : 4,
    })
    .map((index) => ({ shapes: [shape] as readonly [Shape], parameters: [index] as const })),
);

const scattered = anyShape({ minRank: 1 }).chain((shape) =>
  fc
    .array(fc.integer({ min: 0, max: 3 }), { minLength: shape[0] as number, maxLength: shape[0] as number })
    .map((index) => ({ shapes: [shape] as readonly [Shape], parameters: [index] as const })),
);

describe('laws', () => {
  const taken = (x: Tensor, index: readonly number[]): Tensor => square(gather(x, i32(index)));
  for (const law of opLaws('gather', taken, indexed)) test(law.name, law.check);
  const added = (x: Tensor, index: readonly number[]): Tensor => square(scatterAdd(x, i32(index), 4));
  for (const law of opLaws('scatterAdd', added, scattered)) test(law.name, law.check);
  const there = (x: Tensor): Tensor => cast(square(cast(x, 'f64')), x.dtype);
  for (const law of opLaws('cast', there, oneShape())) test(law.name, law.check);
});

test('a row read twice gets both gradients', () => {
  const x = tensor(new Float64Array([1, 2, 3]));
  const [, [g]] = gradientsOf(() => sum(gather(x, i32([2, 0, 2]))), [x]);
  expect(g?.toArray()).toEqual([1, 0, 2]);
});

test('cast: gradients come back in the dtype of the input, none through integers', () => {
  const x = tensor([1, 2]);
  const [, [wide]] = gradientsOf(() => sum(cast(x, 'f64')), [x]);
  expect([wide?.dtype, wide?.toArray()]).toEqual(['f32', [1, 1]]);
  const [, [none]] = gradientsOf(() => sum(cast(cast(x, 'i32'), 'f32')), [x]);
  expect(none?.toArray()).toEqual([0, 0]);
  expect(cast(x, 'f32')).toBe(x);
});

describe('oneHot', () => {
  test('rows of the unit matrix', () => {
    expect(oneHot(i32([2, 0]), 3).toArray()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect([oneHot(i32([]), 3).shape, oneHot(i32([]), 0).shape]).toEqual([
      [0, 3],
      [0, 0],
    ]);
    expect(oneHot(i32([1]), 2, 'f64').dtype).toBe('f64');
  });

  test('many classes need only the rows', () => {
    const rows = oneHot(i32([99_999]), 100_000);
    expect([rows.size, sum(rows).item(), rows.dataSync()[99_999]]).toEqual([100_000, 1, 1]);
  });

  test('labels are classes', () => {
    expect(() => oneHot(i32([3]), 3)).toThrow(ArgumentError);
    expect(() => oneHot(i32([-1]), 3)).toThrow(ArgumentError);
    expect(() => oneHot(tensor([1]), 3)).toThrow(DTypeError);
  });
});

test('errors name the operands', () => {
  const x = tensor(new Float64Array(6), [3, 2]);
  expect(() => gather(x, i32([3]))).toThrow(/gather: expected indices from 0 to 2, got 3/);
  expect(() => gather(x, tensor([1]))).toThrow(/gather: .*i32.*f32/);
  expect(() => scatterAdd(x, i32([0]), 4)).toThrow(/scatterAdd: .*\[3, 2\]/);
});
