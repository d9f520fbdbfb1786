import { opLaws } from '@funhash/autodiff/testing';
import { ArgumentError, OptionError, random } from '@funhash/hashing';
import { ShapeError, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConvolveTransposedOptions, conv1d, conv2d, convTranspose1d, convTranspose2d } from './conv.ts';

const upTo = (least: number, most: number) => fc.integer({ min: least, max: most });

/** Small geometries of an op on `axes` spatial axes; `turned` kernels have input channels first. */
const geometries = (axes: number, turned: boolean) => {
  const list = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: axes, maxLength: axes });
  return fc
    .record({
      batch: upTo(1, 2),
      kernel: list(upTo(1, 2)),
      stride: list(upTo(1, 2)),
      dilation: list(upTo(1, 2)),
      padding: list(fc.tuple(upTo(0, 1), upTo(0, 1))),
      more: list(upTo(1, 2)),
      groups: upTo(1, 2),
      inputs: upTo(1, 2),
      outputs: upTo(1, 2),
    })
    .map(({ batch, kernel, more, groups, inputs, outputs, ...windows }) => {
      const spatial = kernel.map((extent, axis) => extent + (more[axis] as number));
      const rows = (turned ? inputs : outputs) * groups;
      return {
        shapes: [
          [batch, ...spatial, inputs * groups],
          [rows, ...kernel, turned ? outputs : inputs],
          [outputs * groups],
        ] as const,
        parameters: [{ ...windows, groups }] as const,
      };
    });
};

describe('laws', () => {
  const ops = [
    ['conv1d', conv1d, 1, false],
    ['conv2d', conv2d, 2, false],
    ['convTranspose1d', convTranspose1d, 1, true],
    ['convTranspose2d', convTranspose2d, 2, true],
  ] as const;
  for (const [name, op, axes, turned] of ops) {
    const withBias = (x: Tensor, w: Tensor, bias: Tensor, options: ConvolveTransposedOptions): Tensor =>
      op(x, w, { ...options, bias });
    for (const law of opLaws(name, withBias, geometries(axes, turned), { runs: 4 - axes }))
      test(law.name, law.check);
  }
});

const normal = (shape: readonly number[], seed: number): Tensor =>
  tensor(random(seed).fillNormal(new Float32Array(sizeOf(shape))), shape);

test('a kernel of 1 × 1 is a product of matrices; depthwise, a product of channels', () => {
  const x = tensor([[[[1, 2]]]]);
  expect(conv2d(x, tensor([[[[3, 4]]]])).toArray()).toEqual([[[[11]]]]);
  expect(conv2d(x, tensor([[[[3]]], [[[4]]]]), { groups: 2 }).toArray()).toEqual([[[[3, 8]]]]);
});

test('without options, with "same", and by one number for all axes', () => {
  const [x, w] = [normal([2, 5, 4, 3], 1), normal([4, 3, 2, 3], 2)];
  expect(conv2d(x, w).shape).toEqual([2, 3, 3, 4]);
  expect(conv2d(x, w, { padding: 'same' }).shape).toEqual([2, 5, 4, 4]);
  expect(conv2d(x, w, { stride: 2, padding: 1 }).shape).toEqual([2, 3, 3, 4]);
  expect(convTranspose2d(conv2d(x, w), w).shape).toEqual(x.shape);
});

test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
  [
    'the kernel layout of PyTorch',
    () => conv2d(normal([1, 4, 4, 3], 1), normal([2, 3, 2, 2], 2)),
    ShapeError,
    /conv2d: .*transpose\(w, \[0, 2, 3, 1\]\)/,
  ],
  ['no batch', () => conv2d(normal([4, 4, 3], 1), normal([2, 2, 2, 3], 2)), ShapeError, /\[B, H, W, inC\]/],
  [
    'a large kernel',
    () => conv1d(normal([1, 2, 1], 1), normal([1, 3, 1], 2)),
    ShapeError,
    /^conv1d: .*kernel/,
  ],
  [
    'groups that do not divide',
    () => conv1d(normal([1, 4, 4], 1), normal([3, 1, 2], 2), { groups: 2 }),
    ShapeError,
    /conv1d: /,
  ],
  [
    'a short bias',
    () => conv1d(normal([1, 4, 1], 1), normal([3, 1, 1], 2), { bias: normal([2], 1) }),
    ShapeError,
    /conv1d: .*bias of shape \[3\]/,
  ],
  [
    'strides',
    () => conv2d(normal([1, 2, 2, 1], 1), normal([1, 1, 1, 1], 1), { strides: 2 } as never),
    OptionError,
    /stride/,
  ],
  [
    'stride 0',
    () => conv2d(normal([1, 2, 2, 1], 1), normal([1, 1, 1, 1], 1), { stride: 0 }),
    ArgumentError,
    /conv2d: .*stride/,
  ],
  [
    'two dtypes',
    () => conv1d(normal([1, 2, 1], 1), tensor(new Float64Array(1), [1, 1, 1])),
    ArgumentError,
    /cast/,
  ],
  [
    'outputPadding as large as the stride',
    () => convTranspose1d(normal([1, 2, 1], 1), normal([1, 2, 1], 1), { outputPadding: 1 }),
    ArgumentError,
    /convTranspose1d: .*outputPadding/,
  ],
])('refused: %s', (_, act, type, message) => {
  expect(act).toThrow(type);
  expect(act).toThrow(message);
});
