import { ArgumentError, random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { backgroundPatches, deadLeaves, dealImages, patchSource } from './grey-image.ts';

const deviation = (pixels: Uint8Array) => {
  const mean = pixels.reduce((a, b) => a + b, 0) / pixels.length;
  return Math.sqrt(pixels.reduce((a, b) => a + (b - mean) ** 2, 0) / pixels.length);
};

/** Grey levels 3x + y: a window is known by its first pixel. */
const placed = {
  width: 40,
  height: 50,
  data: Uint8Array.from({ length: 2000 }, (_, at) => (at % 40) * 3 + Math.floor(at / 40)),
};

test('patches are contiguous windows at places all over the image', () => {
  const next = patchSource([placed], random(1));
  const corners = new Set<number>();
  for (let i = 0; i < 2500; i++) {
    const patch = next();
    const corner = patch[0] as number;
    corners.add(corner);
    expect(patch.every((pixel, at) => pixel === corner + (at % 28) * 3 + Math.floor(at / 28))).toBe(true);
  }
  expect(Math.min(...corners)).toBe(0);
  expect(Math.max(...corners)).toBe(12 * 3 + 22);
});

test('patches without texture are skipped; images without any are refused', () => {
  const flat = { width: 64, height: 64, data: new Uint8Array(64 * 64).fill(90) };
  const next = patchSource([flat, placed], random(2));
  for (let i = 0; i < 100; i++) expect(deviation(next())).toBeGreaterThanOrEqual(16);
  expect(patchSource([flat], random(2))).toThrow(/texture/);
});

test('images of wrong size are refused', () => {
  const small = { width: 27, height: 40, data: new Uint8Array(27 * 40) };
  const short = { width: 40, height: 40, data: new Uint8Array(1599) };
  expect(() => patchSource([small], random(1))).toThrow(ArgumentError);
  expect(() => patchSource([short], random(1))).toThrow(ArgumentError);
});

test('train and test share no image', () => {
  const images = Array.from({ length: 7 }, () => ({ ...placed }));
  const { train, test } = dealImages(images, random(3));
  expect(train).toHaveLength(4);
  expect(test).toHaveLength(3);
  expect(new Set([...train, ...test]).size).toBe(7);
  expect(() => dealImages(images.slice(0, 1), random(3))).toThrow(ArgumentError);
});

test('dead leaves: by seed, varied, with a spectrum that falls with frequency', () => {
  const image = deadLeaves(128, random(4));
  expect(image.data).toEqual(deadLeaves(128, random(4)).data);
  expect(image.data).not.toEqual(deadLeaves(128, random(5)).data);
  expect(deviation(image.data)).toBeGreaterThan(25);
  // White noise would have the same mean difference at every distance.
  const difference = (distance: number) => {
    let sum = 0;
    for (let y = 0; y < 128; y++) {
      for (let x = distance; x < 128; x++) {
        sum += ((image.data[y * 128 + x] as number) - (image.data[y * 128 + x - distance] as number)) ** 2;
      }
    }
    return sum / (128 * (128 - distance));
  };
  expect(difference(1) * 2).toBeLessThan(difference(6));
  expect(difference(3)).toBeLessThan(difference(12));
});

test('the origin of backgrounds is told', () => {
  expect(backgroundPatches(undefined, random(1)).origin).toMatch(/20 generated/);
  expect(backgroundPatches([placed, placed], random(1)).origin).toBe('2 given images');
});
