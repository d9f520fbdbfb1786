import { ShapeError, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { tril, triu } from './triangles.ts';

const on = (diagonal: number) =>
  anyShape({ minRank: 2 }).map((shape) => ({
    shapes: [shape] as const,
    parameters: [{ diagonal }] as const,
  }));

describe('laws', () => {
  for (const diagonal of [0, -1, 2])
    for (const [name, op] of Object.entries({ tril, triu }))
      for (const law of opLaws(`${name} from diagonal ${diagonal}`, op, on(diagonal), { runs: 8 }))
        test(law.name, law.check);
});

test('what is not kept is 0, whatever it was; whole numbers stay whole', () => {
  const x = tensor([
    [1, Number.NaN],
    [Infinity, 4],
  ]);
  expect(tril(x).toArray()).toEqual([
    [1, 0],
    [Infinity, 4],
  ]);
  expect(triu(x, { diagonal: 1 }).toArray()).toEqual([
    [0, Number.NaN],
    [0, 0],
  ]);
  const whole = triu(
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      undefined,
      { dtype: 'i32' },
    ),
  );
  expect([whole.dtype, whole.toArray()]).toEqual([
    'i32',
    [
      [1, 2],
      [0, 4],
    ],
  ]);
});

test('what they do not take', () => {
  expect(() => tril(tensor([1]))).toThrow(ShapeError);
  expect(() => triu(tensor([[1]]), { k: 1 } as never)).toThrow(/did you mean diagonal/);
  expect(() => tril(tensor([[1]]), { diagonal: 0.5 })).toThrow(/diagonal: a whole number/);
});
