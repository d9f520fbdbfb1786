import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { oneShape, opLaws, twoShapes } from '../testing.ts';
import { power } from './power.ts';
import { sum } from './reduce.ts';

const byNumber = (exponent: number) =>
  oneShape().map(({ shapes }) => ({ shapes, parameters: [exponent] as const }));

describe('laws', () => {
  for (const exponent of [0, 1, 2, 5])
    for (const law of opLaws(`x^${exponent}`, power, byNumber(exponent), { runs: 8 }))
      test(law.name, law.check);
  for (const exponent of [-1, -3, 0.5, 1.5, -0.3])
    for (const law of opLaws(`x^${exponent}, x > 0`, power, byNumber(exponent), {
      runs: 8,
      low: 0.5,
      tolerance: 1e-5,
    }))
      test(law.name, law.check);
  for (const law of opLaws('x^y', power, twoShapes(), { runs: 8, low: 0.5 })) test(law.name, law.check);
});

test('whole exponents take negative and zero bases', () => {
  const x = tensor(new Float64Array([-2, 0, 3]));
  expect(power(x, 3).toArray()).toEqual([-8, 0, 27]);
  expect(power(x, 0).toArray()).toEqual([1, 1, 1]);
  expect(power(x, -1).toArray()).toEqual([-0.5, Number.POSITIVE_INFINITY, 1 / 3]);
  expect(power(tensor(new Float64Array([-1])), 1001).item()).toBe(-1);
});

test('the gradient of x^1.5 at 0 is 0', () => {
  const x = tensor(new Float64Array([0, 4]));
  expect(grad((z: Tensor) => sum(power(z, 1.5)))(x).toArray()).toEqual([0, 3]);
});
