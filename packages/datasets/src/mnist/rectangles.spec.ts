import { random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { drawRectangles, drawRectanglesOfPatches } from './rectangles.ts';

const side = 28;

/** The bounding box of the pixels with `value`. */
function boxOf(image: Uint8Array, value: number) {
  const xs: number[] = [];
  const ys: number[] = [];
  image.forEach((pixel, at) => {
    if (pixel !== value) return;
    xs.push(at % side);
    ys.push(Math.floor(at / side));
  });
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { left, right, top, bottom, width: right - left + 1, height: bottom - top + 1 };
}

const inputsOf = ({ inputs, count }: { inputs: Uint8Array; count: number }) =>
  Array.from({ length: count }, (_, i) => inputs.subarray(i * side * side, (i + 1) * side * side));

test('RECT: the outline of one rectangle, 1 pixel wide, and nothing else', () => {
  const split = drawRectangles(800, random(3));
  inputsOf(split).forEach((image, i) => {
    const { left, right, top, bottom, width, height } = boxOf(image, 255);
    expect(Math.abs(width - height)).toBeGreaterThanOrEqual(3);
    expect(split.labels[i]).toBe(height > width ? 1 : 0);
    image.forEach((pixel, at) => {
      const [x, y] = [at % side, Math.floor(at / side)];
      const inBox = x >= left && x <= right && y >= top && y <= bottom;
      const onBorder = inBox && (x === left || x === right || y === top || y === bottom);
      if (pixel !== (onBorder ? 255 : 0)) throw new Error(`image ${i}, pixel ${x}, ${y}`);
    });
  });
});

test('RECT: sides and places cover their range, classes are balanced', () => {
  const split = drawRectangles(4000, random(4));
  const boxes = inputsOf(split).map((image) => boxOf(image, 255));
  expect(new Set(boxes.map(({ width }) => width)).size).toBe(28);
  expect(new Set(boxes.map(({ height }) => height)).size).toBe(28);
  expect(new Set(boxes.map(({ left }) => left)).size).toBe(28);
  const tall = split.labels.filter((label) => label === 1).length;
  expect(Math.abs(tall - 2000)).toBeLessThan(4 * Math.sqrt(4000 / 4));
});

test('RECT-IMG: a window of one patch in another, within the published bounds', () => {
  let calls = 0;
  // Backgrounds come first, so odd values are rectangles.
  const split = drawRectanglesOfPatches(500, random(5), () => new Uint8Array(side * side).fill(calls++ % 2));
  expect(calls).toBe(1000);
  inputsOf(split).forEach((image, i) => {
    const { width, height } = boxOf(image, 1);
    expect(image.filter((pixel) => pixel === 1)).toHaveLength(width * height);
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(10);
    expect(Math.abs(width - height)).toBeGreaterThanOrEqual(5);
    expect(width * height).toBeGreaterThanOrEqual(196);
    expect(width * height).toBeLessThanOrEqual(588);
    expect(split.labels[i]).toBe(height > width ? 1 : 0);
  });
});
