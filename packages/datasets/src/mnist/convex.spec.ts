import { random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { drawConvex, isConvex } from './convex.ts';

const side = 28;
const split = drawConvex(1500, random(11));

/**
 * Convex, by another way than the source's: a black pixel lies outside the hull of the white ones exactly when some
 * half-plane through it holds no white pixel, so when the directions to all white pixels leave a gap wider than π.
 */
function isConvexByAngles(image: Uint8Array): boolean {
  const white: [number, number][] = [];
  image.forEach((value, at) => {
    if (value === 255) white.push([at % side, Math.floor(at / side)]);
  });
  return image.every((value, at) => {
    if (value === 255) return true;
    const angles = white
      .map(([x, y]) => Math.atan2(y - Math.floor(at / side), x - (at % side)))
      .sort((a, b) => a - b);
    const gaps = angles.map((angle, i) =>
      i ? angle - (angles[i - 1] as number) : angle + 2 * Math.PI - (angles.at(-1) as number),
    );
    return Math.max(...gaps) > Math.PI + 1e-9;
  });
}

const imageOf = (i: number) => split.inputs.subarray(i * side * side, (i + 1) * side * side);
const pixelsOf = (i: number) => imageOf(i).filter((value) => value === 255).length;

test('exactly the images of label 1 are convex', () => {
  for (let i = 0; i < 150; i++)
    expect(isConvexByAngles(imageOf(i)), `image ${i}`).toBe(split.labels[i] === 1);
});

test('isConvex knows small sets of every form', () => {
  const draws = random(12);
  const corner = 28 * 6 + 9;
  let convex = 0;
  for (let round = 0; round < 3000; round++) {
    const image = new Uint8Array(side * side);
    // Windows of 3 × 4, from all white to mostly black.
    for (let at = 0; at < 12; at++) {
      image[corner + side * Math.floor(at / 4) + (at % 4)] = draws.integer(1 + (round % 4)) ? 0 : 255;
    }
    if (!image.includes(255)) continue;
    const expected = isConvexByAngles(image);
    expect(isConvex(image), `round ${round}`).toBe(expected);
    if (expected) convex++;
  }
  expect(convex).toBeGreaterThan(300);
});

test('pixels are 0 or 255, at least as many white ones as published', () => {
  expect(split.inputs.every((value) => value === 0 || value === 255)).toBe(true);
  for (let i = 0; i < split.count; i++)
    expect(pixelsOf(i)).toBeGreaterThanOrEqual(split.labels[i] === 1 ? 19 : 10);
});

test('classes are balanced, in number and in mean white pixels', () => {
  const counts = [0, 0];
  const pixels = [0, 0];
  for (let i = 0; i < split.count; i++) {
    const label = split.labels[i] as 0 | 1;
    counts[label] = (counts[label] as number) + 1;
    pixels[label] = (pixels[label] as number) + pixelsOf(i);
  }
  // 4 standard deviations of a fair coin and of the two means.
  expect(Math.abs((counts[1] as number) - 750)).toBeLessThan(4 * Math.sqrt(1500 / 4));
  const [nonConvex, convex] = pixels.map((sum, label) => sum / (counts[label] as number)) as [number, number];
  expect(Math.abs(convex - nonConvex)).toBeLessThan(60);
});
