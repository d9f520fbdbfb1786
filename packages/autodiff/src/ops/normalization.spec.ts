import { type Shape, ShapeError, type Tensor, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OpSample, opLaws } from '../testing.ts';
import { batchNorm, layerNorm } from './normalization.ts';

// A statistic over one element is constant: there central differences of a norm divide rounding by √ε.
const anyNorm: fc.Arbitrary<OpSample<readonly [Shape, Shape, Shape]>> = fc
  .tuple(
    fc.array(fc.integer({ min: 2, max: 3 }), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 2, max: 4 }),
  )
  .map(([lead, channels]) => ({
    shapes: [[...lead, channels], [channels], [channels]] as const,
    parameters: [],
  }));

describe('laws', () => {
  const ofBatch = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
    batchNorm(x, { scale, shift, epsilon: 0.1 }).y;
  for (const law of opLaws('batchNorm', ofBatch, anyNorm)) test(law.name, law.check);

  const ofLayer = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
    layerNorm(x, { scale, shift, epsilon: 0.1 });
  for (const law of opLaws('layerNorm', ofLayer, anyNorm)) test(law.name, law.check);

  const overSeveral = fc
    .tuple(fc.constantFrom([2], [1, 2]), fc.constantFrom([3, 2], [2, 1, 3]))
    .map(([lead, own]) => ({ shapes: [[...lead, ...own], own, own] as const, parameters: [] as const }));
  for (const law of opLaws('layerNorm over several axes', ofLayer, overSeveral)) test(law.name, law.check);
});

test('parameters are one for each channel', () => {
  const [x, good, bad] = [zeros([2, 3, 4]), zeros([4]), zeros([3])];
  for (const norm of [batchNorm, layerNorm]) {
    expect(() => norm(x, { scale: bad, shift: good })).toThrow(ShapeError);
    expect(() => norm(x, { scale: good, shift: bad })).toThrow(/\[2, 3, 4\], \[4\], \[3\]/);
    expect(() => norm(good, { scale: good, shift: good })).toThrow(ShapeError);
  }
});
