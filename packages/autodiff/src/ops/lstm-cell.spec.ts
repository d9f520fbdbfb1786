import { type Shape, ShapeError, type Tensor, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OpSample, opLaws } from '../testing.ts';
import { lstmCell } from './lstm-cell.ts';
import { multiply } from './pointwise.ts';
import { concat } from './views.ts';

const sizes: fc.Arbitrary<OpSample<readonly [Shape, Shape, Shape], readonly [number]>> = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.double({ min: -2, max: 2, noNaN: true }),
  )
  .map(([batch, size, bias]) => ({
    shapes: [
      [batch, 4 * size],
      [batch, 4 * size],
      [batch, size],
    ] as const,
    parameters: [bias] as const,
  }));

describe('laws', () => {
  const both = (z: Tensor, r: Tensor, cell: Tensor, bias: number): Tensor => {
    const { hidden, cell: next } = lstmCell(z, r, cell, bias);
    return concat([hidden, multiply(next, 2)], 1);
  };
  for (const law of opLaws('lstmCell', both, sizes)) test(law.name, law.check);
});

test('sums are four for each element of the cell', () => {
  const [sums, cell] = [zeros([2, 12]), zeros([2, 3])];
  expect(() => lstmCell(sums, sums, zeros([2, 4]))).toThrow(ShapeError);
  expect(() => lstmCell(sums, zeros([1, 12]), cell)).toThrow(/\[B, 4·H\].*\[2, 12\], \[1, 12\], \[2, 3\]/s);
});
