import { memory, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { stopGradient } from './grad.ts';
import { GradientError, gradCheck } from './grad-check.ts';
import { add, multiply, sin, square } from './ops/pointwise.ts';
import { recorded, withoutTape } from './tape.ts';

const x = tensor(new Float64Array([0.3, -0.7, 1.1]));

/** x² with a vjp of the caller's. */
const squareBy =
  (vjp: (g: Tensor, x: Tensor) => Tensor) =>
  (z: Tensor): Tensor =>
    recorded(
      [z],
      withoutTape(() => square(z)),
      (g) => [vjp(g, z)],
    );

describe('gradCheck fails for', () => {
  test.each<[string, (z: Tensor) => Tensor, RegExp]>([
    [
      'the wrong sign',
      squareBy((g, z) => multiply(g, multiply(z, -2))),
      /first derivative by element 0 of input 0/,
    ],
    ['a missing factor', squareBy((g, z) => multiply(g, z)), /first/],
    ['a gradient off by 1e-4', squareBy((g, z) => multiply(g, multiply(z, 2.0002))), /first/],
    ['a missing second derivative', squareBy((g, z) => multiply(g, multiply(stopGradient(z), 2))), /second/],
    [
      'a wrong second derivative',
      // The value of the gradient is right; its own vjp is not.
      squareBy((g, z) => add(multiply(g, z), multiply(g, stopGradient(z)))),
      /second derivative by element 0 of input 0 \(Tensor\(\[3\], f64/,
    ],
    ['NaN', squareBy((g) => multiply(g, Number.NaN)), /NaN/],
  ])('%s', (_, f, message) => {
    expect(() => gradCheck(f, [x])).toThrow(GradientError);
    expect(() => gradCheck(f, [x])).toThrow(message);
    expect(() => gradCheck(f, [x], { directions: 1 })).toThrow(GradientError);
  });
});

describe('gradCheck', () => {
  test('passes for what is right, of any result shape, and frees what it makes', () => {
    const y = tensor(new Float64Array([2, 0.5]), [2, 1]);
    const before = memory();
    gradCheck((a, b) => sin(multiply(a, b)), [x, y]);
    expect(memory()).toEqual(before);
  });

  test('of order 1 does not look at second derivatives', () => {
    gradCheck(
      squareBy((g, z) => multiply(g, multiply(stopGradient(z), 2))),
      [x],
      { order: 1 },
    );
  });

  test('looks at second derivatives along random directions, of which one shows a fault of any element', () => {
    const faulty = (at: number) => (z: Tensor) => {
      const fault = tensor(Float64Array.from({ length: 3 }, (_, k) => (k === at ? 1e-4 : 0)));
      return squareBy((g, y) =>
        add(multiply(g, multiply(y, 2)), multiply(fault, multiply(g, add(y, multiply(stopGradient(y), -1))))),
      )(z);
    };
    for (const at of [0, 1, 2])
      for (const seed of [0, 1, 2])
        expect(() => gradCheck(faulty(at), [x], { directions: 1, seed })).toThrow(
          /second derivative in random direction 0 of input 0/,
        );
    gradCheck((a, b) => sin(multiply(a, b)), [x, x], { directions: 3 });
  });

  test('takes one tensor twice as two inputs', () => {
    gradCheck((a, b) => multiply(square(a), b), [x, x]);
  });

  test('takes f64 alone', () => {
    expect(() => gradCheck(square, [tensor([1, 2])])).toThrow(/f64 inputs.*\[2\], f32/);
  });
});
