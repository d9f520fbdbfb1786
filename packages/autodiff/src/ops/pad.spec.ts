import { type Shape, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { type PadModeOptions, pad } from './pad.ts';
import { square } from './pointwise.ts';

type Amounts = readonly (readonly [number, number])[];

const upTo = fc.integer({ min: 0, max: 4 });
const samples = anyShape({ minExtent: 1 }).chain((shape) =>
  fc
    .tuple(
      fc.array(fc.tuple(upTo, upTo), { minLength: shape.length, maxLength: shape.length }),
      fc.constantFrom('constant', 'reflect', 'edge', 'wrap'),
    )
    .map(([amounts, mode]) => ({
      shapes: [shape] as readonly [Shape],
      parameters: [amounts, { mode }] as readonly [Amounts, PadModeOptions],
    })),
);

describe('laws', () => {
  const padded = (x: Tensor, amounts: Amounts, options: PadModeOptions): Tensor =>
    square(pad(x, amounts, options));
  for (const law of opLaws('pad', padded, samples, { runs: 30 })) test(law.name, law.check);
});

test.each<[PadModeOptions, number[]]>([
  [{}, [0, 0, 0, 0, 1, 2, 3, 0, 0]],
  [{ value: 7 }, [7, 7, 7, 7, 1, 2, 3, 7, 7]],
  // As numpy.pad([1, 2, 3], (4, 2), mode) gives them.
  [{ mode: 'edge' }, [1, 1, 1, 1, 1, 2, 3, 3, 3]],
  [{ mode: 'reflect' }, [1, 2, 3, 2, 1, 2, 3, 2, 1]],
  [{ mode: 'wrap' }, [3, 1, 2, 3, 1, 2, 3, 1, 2]],
])('%o', (options, expected) => {
  expect(pad(tensor(Int32Array.of(1, 2, 3)), [[4, 2]], options).toArray()).toEqual(expected);
});

test('one element is its own mirror image; nothing has none', () => {
  expect(pad(tensor([5]), [[1, 2]], { mode: 'reflect' }).toArray()).toEqual([5, 5, 5, 5]);
  const nothing = tensor(new Float32Array(0));
  expect(() => pad(nothing, [[1, 0]], { mode: 'edge' })).toThrow(ShapeError);
  expect(pad(nothing, [[0, 0]], { mode: 'wrap' }).shape).toEqual([0]);
});

test.each<[unknown, RegExp]>([
  [{ mode: 'replicate' }, /pad: expected mode: one of constant, reflect, edge, wrap, got replicate/],
  [{ values: 1 }, /pad: unknown option values; did you mean value\?/],
  [[1], /pad: expected options as an object/],
])('refused: %o', (options, message) => {
  expect(() => pad(tensor([1]), [[1, 1]], options as never)).toThrow(message);
  expect(() => pad(tensor([1]), [], { mode: 'edge' })).toThrow(/pad: expected non-negative/);
});
