import { ArgumentError } from '@funhash/hashing';
import { memory, type Shape, ShapeError, type Tensor, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OpSample, opLaws } from '../testing.ts';
import { square } from './pointwise.ts';
import { planWindows, type WindowOptions } from './window-plan.ts';
import { overlapAdd, windows } from './windows.ts';

interface Geometry {
  readonly shape: readonly number[];
  readonly options: Required<WindowOptions>;
}

const anyGeometry: fc.Arbitrary<Geometry> = fc.integer({ min: 1, max: 2 }).chain((axes) => {
  const list = (least: number, most: number) =>
    fc.array(fc.integer({ min: least, max: most }), { minLength: axes, maxLength: axes });
  return fc
    .record({
      batch: fc.integer({ min: 0, max: 2 }),
      channels: fc.integer({ min: 1, max: 2 }),
      kernel: list(1, 3),
      stride: list(1, 3),
      dilation: list(1, 2),
      more: list(0, 4),
    })
    .map(({ batch, channels, kernel, stride, dilation, more }) => ({
      shape: [
        batch,
        ...kernel.map(
          (extent, axis) => (extent - 1) * (dilation[axis] as number) + 1 + (more[axis] as number),
        ),
        channels,
      ],
      options: { kernel, stride, dilation },
    }));
});

const sampleOf = (
  shapeOf: (geometry: Geometry) => readonly number[],
): fc.Arbitrary<OpSample<readonly [Shape], readonly [Geometry]>> =>
  anyGeometry.map((geometry) => ({ shapes: [shapeOf(geometry)] as const, parameters: [geometry] as const }));

const windowsShape = ({ shape, options }: Geometry): readonly number[] => {
  const plan = planWindows('test', shape, options);
  return [shape[0] as number, ...plan.out, ...plan.kernel, shape.at(-1) as number];
};

describe('laws', () => {
  // Squared, so that gradients of gradients are not 0.
  const gathered = (x: Tensor, { options }: Geometry): Tensor => square(windows(x, options));
  for (const law of opLaws(
    'windows',
    gathered,
    sampleOf(({ shape }) => shape),
  ))
    test(law.name, law.check);

  const added = (x: Tensor, { shape, options }: Geometry): Tensor => square(overlapAdd(x, shape, options));
  for (const law of opLaws('overlapAdd', added, sampleOf(windowsShape))) test(law.name, law.check);
});

test('windows are on the memory of x', () => {
  const x = zeros([4, 30, 30, 8]);
  const before = memory().bytes;
  const all = windows(x, { kernel: 5 });
  expect(all.shape).toEqual([4, 26, 26, 5, 5, 8]);
  expect(memory().bytes).toBe(before);
});

test('the number of windows by padding, as PyTorch and TensorFlow count them', () => {
  const out = (shape: Shape, options: Parameters<typeof planWindows>[2]): readonly number[] =>
    planWindows('test', shape, options).out;
  expect(out([1, 28, 27, 1], { kernel: 5 })).toEqual([24, 23]);
  expect(out([1, 28, 27, 1], { kernel: 5, padding: 2 })).toEqual([28, 27]);
  expect(out([1, 28, 27, 1], { kernel: [5, 4], stride: 2, padding: 'same' })).toEqual([14, 14]);
  expect(out([1, 28, 27, 1], { kernel: 3, padding: [1, [0, 2]], dilation: [1, 2] })).toEqual([28, 25]);
  expect(planWindows('test', [1, 7, 1], { kernel: 4, padding: 'same' }).padding).toEqual([[1, 2]]);
  expect(planWindows('test', [1, 5, 1], { kernel: 1, stride: 3, padding: 'same' }).padding).toEqual([[0, 0]]);
});

test('refusals say what was given', () => {
  const x = zeros([2, 4, 5, 3]);
  expect(() => windows(x, { kernel: [5, 2] })).toThrow(ShapeError);
  expect(() => windows(x, { kernel: [5, 2] })).toThrow(
    /padded input \[4, 5\].*kernel \[5, 2\].*\[2, 4, 5, 3\]/,
  );
  expect(() => windows(x, { kernel: 3, dilation: 2 })).toThrow(/reaches over \[5, 5\]/);
  expect(() => windows(zeros([4, 5]), { kernel: 1 })).toThrow(/channels last.*\[4, 5\]/);
  for (const bad of [0, -1, 1.5, Number.NaN, [1], [1, 2, 3]])
    expect(() => windows(x, { kernel: bad }), String(bad)).toThrow(ArgumentError);
  expect(() => windows(x, { kernel: 2, stride: [1, 0] })).toThrow(/stride: a whole number ≥ 1, or 2 of them/);
  for (const bad of [-1, 0.5, [1], [[1, 2, 3], 0], [[1, -1], 0]])
    expect(() => planWindows('test', x.shape, { kernel: 1, padding: bad as number }), String(bad)).toThrow(
      /padding: 'valid', 'same'/,
    );
  expect(() => overlapAdd(x, [2, 4, 5, 3], { kernel: 2 })).toThrow(/\[2, 3, 4, 2, 2, 3\]/);
});
