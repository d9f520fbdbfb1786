import { ArgumentError } from '@funhash/hashing';
import { type Shape, ShapeError, type Tensor, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OpSample, opLaws } from '../testing.ts';
import { square } from './pointwise.ts';
import { upsampleBilinear, upsampleNearest } from './upsample.ts';

const anyUpsampling: fc.Arbitrary<OpSample<readonly [Shape], readonly [readonly number[]]>> = fc
  .integer({ min: 1, max: 2 })
  .chain((axes) => {
    const list = (least: number, most: number) =>
      fc.array(fc.integer({ min: least, max: most }), { minLength: axes, maxLength: axes });
    return fc
      .tuple(fc.integer({ min: 0, max: 2 }), list(1, 3), list(1, 3), fc.integer({ min: 1, max: 2 }))
      .map(([batch, spatial, scale, channels]) => ({
        shapes: [[batch, ...spatial, channels]] as const,
        parameters: [scale] as const,
      }));
  });

describe('laws', () => {
  // Squared, so that gradients of gradients are not 0.
  for (const [name, op] of Object.entries({ upsampleNearest, upsampleBilinear })) {
    const squared = (x: Tensor, scale: readonly number[]): Tensor => square(op(x, scale));
    for (const law of opLaws(name, squared, anyUpsampling)) test(law.name, law.check);
  }
});

test('scales are whole numbers, one for each spatial axis', () => {
  const x = zeros([1, 2, 2, 1]);
  for (const op of [upsampleNearest, upsampleBilinear]) {
    expect(op(x, 3).shape).toEqual([1, 6, 6, 1]);
    expect(() => op(x, 1.5)).toThrow(ArgumentError);
    expect(() => op(x, [2])).toThrow(/scale: a whole number ≥ 1, or 2 of them.*\[2\]/);
    expect(() => op(zeros([2, 2]), 2)).toThrow(ShapeError);
  }
});
