import { describe, expect, test } from 'vitest';
import { ShapeError } from './errors.ts';
import fixtures from './shape.fixtures.json' with { type: 'json' };
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  contiguousStrides,
  isContiguous,
  normalizeAxis,
  shapeText,
  sizeOf,
} from './shape.ts';

describe('broadcasting follows NumPy', () => {
  test('the fixtures hold shapes that fit and shapes that do not', () => {
    const refused = fixtures.broadcast.filter(({ result }) => result === null).length;
    expect(refused).toBeGreaterThan(30);
    expect(fixtures.broadcast.length - refused).toBeGreaterThan(200);
  });

  test('shapes and refusals', () => {
    for (const { shapes, result } of fixtures.broadcast)
      if (result) expect(broadcastShapes('add', ...shapes), JSON.stringify(shapes)).toEqual(result);
      else expect(() => broadcastShapes('add', ...shapes), JSON.stringify(shapes)).toThrow(ShapeError);
  });

  test('strides are 0 along repeated axes', () => {
    for (const { shape, target, strides } of fixtures.strides) {
      const found = broadcastStrides(shape, contiguousStrides(shape), target);
      target.forEach((extent, axis) => {
        if (extent > 1) expect(found[axis]).toBe(strides[axis]);
      });
    }
  });

  test('a refusal names the operation and the shapes', () => {
    expect(() => broadcastShapes('add', [2, 3], [2])).toThrow(/^add: .*\[2, 3\] and \[2\]/);
  });
});

test('contiguous strides and their test', () => {
  expect(contiguousStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(contiguousStrides([])).toEqual([]);
  expect(isContiguous([2, 3], [3, 1])).toBe(true);
  expect(isContiguous([2, 3], [1, 2])).toBe(false);
  expect(isContiguous([2, 3], [0, 1])).toBe(false);
  expect(isContiguous([1, 3], [99, 1])).toBe(true);
  expect(isContiguous([0, 3], [7, 7])).toBe(true);
});

test('sizes and text', () => {
  expect([sizeOf([]), sizeOf([2, 3]), sizeOf([4, 0])]).toEqual([1, 6, 0]);
  expect([shapeText([]), shapeText([2, 3])]).toEqual(['[]', '[2, 3]']);
});

test('axes count from both ends', () => {
  expect([0, 2, -1, -3].map((axis) => normalizeAxis(axis, 3, 'sum'))).toEqual([0, 2, 2, 0]);
  for (const axis of [3, -4, 0.5, Number.NaN])
    expect(() => normalizeAxis(axis, 3, 'sum')).toThrow(/^sum: .*-3 to 2/);
});

test('shapes that are none are refused', () => {
  for (const shape of [[-1], [1.5], [Number.NaN], [2 ** 30, 2 ** 30], ['3'] as never])
    expect(() => checkShape(shape, 'zeros')).toThrow(ShapeError);
});
