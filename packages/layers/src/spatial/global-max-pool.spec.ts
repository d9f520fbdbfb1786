import { ShapeError, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { layerLaws } from '../testing.ts';
import { GlobalMaxPool } from './global-max-pool.ts';

describe('laws', () => {
  for (const law of layerLaws(() => new GlobalMaxPool(), [2, 3, 4, 2])) test(law.name, law.check);
});

test('the largest element of each channel', () => {
  const x = tensor([1, -5, 3, -2, 2, -9], [1, 3, 2]);
  expect(new GlobalMaxPool().forward(x).toArray()).toEqual([[3, -2]]);
  expect(() => new GlobalMaxPool().forward(tensor([[1]]))).toThrow(ShapeError);
});
