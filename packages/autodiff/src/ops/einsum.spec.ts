import { ArgumentError } from '@funhash/hashing';
import { type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opLaws } from '../testing.ts';
import { einsum } from './einsum.ts';
import { square } from './pointwise.ts';

const equations = [
  'ij,jk->ik',
  'bij,bkj->bik',
  'i,j->ij',
  'ij,ij->',
  'ij,i->j',
  '...i,i->...',
  'ij,kl->jk',
  'iij,j->i',
];
const samples = fc
  .tuple(
    fc.constantFrom(...equations),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 26, maxLength: 26 }),
  )
  .map(([equation, extents]) => {
    const shapes = (equation.split('->')[0] as string)
      .split(',')
      .map((names) =>
        [...names.replace('...', 'xy')].map((name) => extents[name.charCodeAt(0) - 97] as number),
      );
    return { shapes: shapes as unknown as readonly [Shape, Shape], parameters: [equation] as const };
  });

describe('laws', () => {
  const summed = (a: Tensor, b: Tensor, equation: string): Tensor => square(einsum(equation, a, b));
  for (const law of opLaws('einsum', summed, samples, { runs: 40 })) test(law.name, law.check);
});

const numbers = (...shape: number[]): Tensor =>
  tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => k + 1),
    shape,
  );

test('traces, diagonals, sums and orders of axes of one operand', () => {
  const a = numbers(2, 2);
  expect(einsum('ii', a).item()).toBe(5);
  expect(einsum('ii->i', a).toArray()).toEqual([1, 4]);
  expect(einsum('ij->', a).item()).toBe(10);
  expect(einsum('ij->j', a).toArray()).toEqual([4, 6]);
  expect(einsum('ba', a).toArray()).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(einsum(' ...ii -> ...i ', numbers(2, 2, 2)).toArray()).toEqual([
    [1, 4],
    [5, 8],
  ]);
  expect(einsum('', tensor(3)).item()).toBe(3);
});

test('extents of 1 broadcast; an ellipsis stands for as many axes as there are', () => {
  expect(einsum('ij,ij->i', numbers(2, 3), numbers(2, 1)).toArray()).toEqual([6, 30]);
  expect(einsum('...ij,...jk->...ik', numbers(2, 1, 3, 4), numbers(5, 4, 2)).shape).toEqual([2, 5, 3, 2]);
  expect(einsum('i...,i...', numbers(2, 3), numbers(2, 1)).toArray()).toEqual([9, 12, 15]);
  expect(einsum('ij,jk,kl->il', numbers(2, 3), numbers(3, 2), numbers(2, 2)).toArray()).toEqual([
    [22 + 28 * 3, 44 + 28 * 4],
    [49 + 64 * 3, 98 + 64 * 4],
  ]);
  expect(einsum('i,i,i->', numbers(1), numbers(1), numbers(3)).item()).toBe(6);
});

test('whole numbers where nothing is a matrix product', () => {
  const x = tensor(Int32Array.of(1, 2, 3));
  expect(einsum('i,j->ij', x, x).dataSync()).toEqual(Int32Array.of(1, 2, 3, 2, 4, 6, 3, 6, 9));
});

test.each<[string, () => unknown, typeof ArgumentError | typeof ShapeError, RegExp]>([
  ['signs', () => einsum('i-j', numbers(2)), ArgumentError, /einsum: expected names of axes/],
  ['no text', () => einsum(numbers(2) as never), ArgumentError, /einsum: expected names of axes/],
  ['two ellipses', () => einsum('...i...', numbers(2)), ArgumentError, /einsum/],
  [
    'other operands',
    () => einsum('i,j', numbers(2)),
    ArgumentError,
    /einsum: expected 2 tensors for i,j, got Tensor/,
  ],
  ['other axes', () => einsum('ij->i', numbers(2)), ShapeError, /einsum: expected an operand with axes ij/],
  ['extents', () => einsum('ij,jk->ik', numbers(2, 3), numbers(2, 3)), ShapeError, /einsum: .*\[2, 3\].*and/],
  ['a diagonal', () => einsum('ii->i', numbers(2, 3)), ShapeError, /equal extents of the axes i/],
  ['a strange result', () => einsum('ij->k', numbers(2, 3)), ArgumentError, /names in the result/],
  ['a name twice', () => einsum('ij->ii', numbers(2, 3)), ArgumentError, /names in the result/],
])('refused: %s', (_, act, kind, message) => {
  expect(act).toThrow(kind);
  expect(act).toThrow(message);
});
