import { ArgumentError } from '@funhash/hashing';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ImageDataset, imageDataset, type Split } from '../images/image-dataset.ts';
import { loadMnist } from './mnist.ts';
import { type VariationName, variation } from './mnist-variations.ts';

const side = 28;
const names: VariationName[] = ['basic', 'rot', 'bg-rand', 'bg-img', 'bg-img-rot'];
const counts = { trainCount: 300, testCount: 200 };

const imageOf = ({ inputs: images }: Split, i: number) =>
  images.subarray(i * side * side, (i + 1) * side * side);

/** A data set whose digit i is the pattern of `draw(i)`, its label i mod 10. */
function drawn(trainCount: number, testCount: number, draw: (i: number) => Uint8Array): ImageDataset {
  const split = (from: number, count: number): Split => {
    const images = new Uint8Array(count * side * side);
    for (let i = 0; i < count; i++) images.set(draw(from + i), i * side * side);
    return { count, inputs: images, labels: Uint8Array.from({ length: count }, (_, i) => (from + i) % 10) };
  };
  const common = { classes: 10, width: side, height: side, channels: 1 };
  const train = split(0, trainCount);
  return imageDataset({
    name: 'drawn',
    description: '',
    ...common,
    train,
    test: split(trainCount, testCount),
  });
}

/** A round blot at distance 8 to the right of the centre. */
const blot = Uint8Array.from({ length: side * side }, (_, at) =>
  Math.round(255 * Math.exp(-(((at % side) - 21.5) ** 2 + (Math.floor(at / side) - 13.5) ** 2) / 6)),
);

/** Each digit is its number, written into two pixels. */
const numbered = drawn(90, 60, (i) => {
  const image = new Uint8Array(side * side);
  image[0] = i >> 4;
  image[1] = i & 15;
  return image;
});

describe('on the digits of MNIST', () => {
  let mnist: ImageDataset;
  beforeAll(async () => {
    mnist = await loadMnist();
  });

  test.each(names)('%s: sizes, classes, the same again by seed, another by another seed', (name) => {
    const dataset = variation(name, mnist, { ...counts, seed: 3 });
    expect(dataset).toMatchObject({ classes: 10, width: side, height: side, channels: 1 });
    expect(dataset.train.count).toBe(300);
    expect(dataset.test.inputs).toHaveLength(200 * side * side);
    for (let label = 0; label < 10; label++) {
      // About 50 of 500 in each class: 4 standard deviations.
      const count = [...dataset.train.labels, ...dataset.test.labels].filter((l) => l === label).length;
      expect(Math.abs(count - 50)).toBeLessThan(4 * Math.sqrt(50) + 6);
    }
    const again = variation(name, mnist, { ...counts, seed: 3 });
    expect(Buffer.compare(again.train.inputs, dataset.train.inputs)).toBe(0);
    expect(Buffer.compare(again.test.inputs, dataset.test.inputs)).toBe(0);
    expect(again.train.labels).toEqual(dataset.train.labels);
    const other = variation(name, mnist, { ...counts, seed: 4 });
    expect(Buffer.compare(other.train.inputs, dataset.train.inputs)).not.toBe(0);
  });

  test.each(names)('%s: a smaller set is the beginning of a larger one', (name) => {
    const large = variation(name, mnist, { ...counts, seed: 3 });
    const small = variation(name, mnist, { trainCount: 20, testCount: 10, seed: 3 });
    const begins = (a: Split, b: Split) =>
      Buffer.compare(a.inputs, b.inputs.subarray(0, a.inputs.length)) === 0;
    expect(begins(small.train, large.train)).toBe(true);
    expect(begins(small.test, large.test)).toBe(true);
    expect(small.test.labels).toEqual(large.test.labels.slice(0, 10));
  });

  test('the default sizes are the published ones', () => {
    const { train, test } = variation('basic', mnist);
    expect([train.count, test.count]).toEqual([12_000, 50_000]);
  });
});

test('BASIC: no digit serves twice, each keeps its label', () => {
  const { train, test } = variation('basic', numbered, { trainCount: 100, testCount: 50 });
  const seen = [train, test].flatMap((split) =>
    Array.from({ length: split.count }, (_, i) => {
      const [high, low] = imageOf(split, i);
      const number = (high as number) * 16 + (low as number);
      expect(split.labels[i]).toBe(number % 10);
      return number;
    }),
  );
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => i));
});

test('ROT: a turn about the centre, by uniform angles', () => {
  const { train } = variation(
    'rot',
    drawn(800, 0, () => blot),
    { trainCount: 800, testCount: 0 },
  );
  const octants = new Array<number>(8).fill(0);
  const mass = blot.reduce((a, b) => a + b, 0);
  for (let i = 0; i < train.count; i++) {
    const image = imageOf(train, i);
    let sum = 0;
    let x = 0;
    let y = 0;
    image.forEach((pixel, at) => {
      sum += pixel;
      x += pixel * ((at % side) - 13.5);
      y += pixel * (Math.floor(at / side) - 13.5);
    });
    expect(Math.abs(sum / mass - 1)).toBeLessThan(0.03);
    expect(Math.abs(Math.hypot(x, y) / sum - 8)).toBeLessThan(0.15);
    const octant = Math.floor((Math.atan2(y, x) / Math.PI + 1) * 4) % 8;
    octants[octant] = (octants[octant] as number) + 1;
  }
  const chiSquare = octants.reduce((a, n) => a + (n - 100) ** 2 / 100, 0);
  expect(chiSquare).toBeLessThan(24.3); // 7 degrees of freedom, p = 0.001
});

test('BG-RAND: uniform noise behind the digit, never darker than the digit', () => {
  const { train } = variation(
    'bg-rand',
    drawn(60, 0, () => blot),
    { trainCount: 60, testCount: 0 },
  );
  const quarters = [0, 0, 0, 0];
  let background = 0;
  for (let i = 0; i < train.count; i++) {
    imageOf(train, i).forEach((pixel, at) => {
      expect(pixel).toBeGreaterThanOrEqual(blot[at] as number);
      if (blot[at] !== 0) return;
      background++;
      quarters[pixel >> 6] = (quarters[pixel >> 6] as number) + 1;
    });
  }
  for (const n of quarters) expect(Math.abs(n / background - 0.25)).toBeLessThan(0.015);
});

test('BG-IMG: patches of the given images, and of different ones for train and test', () => {
  // Image k has only grey levels k and 128 + k, so a patch tells where it came from.
  const backgrounds = Array.from({ length: 6 }, (_, k) => ({
    width: 32,
    height: 30,
    data: Uint8Array.from({ length: 960 }, (_, at) => k + 128 * ((at >> 2) & 1)),
  }));
  const black = drawn(60, 60, () => new Uint8Array(side * side));
  const dataset = variation('bg-img', black, { trainCount: 60, testCount: 60, backgrounds });
  const origins = (split: Split) =>
    new Set(Array.from({ length: split.count }, (_, i) => (imageOf(split, i)[0] as number) % 128));
  const train = origins(dataset.train);
  const test = origins(dataset.test);
  expect(train.size).toBe(3);
  expect(test.size).toBe(3);
  expect(new Set([...train, ...test]).size).toBe(6);
  expect(dataset).toMatchObject({ name: 'bg-img', description: expect.stringContaining('6 given images') });
});

test('names tell when backgrounds are generated', () => {
  const generated = variation('bg-img-rot', numbered, { trainCount: 5, testCount: 5 });
  expect(generated.name).toBe('bg-img-rot (generated backgrounds)');
  expect(generated.description).toMatch(/not photographs/);
});

test('BG-IMG-ROT: the digit is turned, then laid on the background', () => {
  const { train } = variation(
    'bg-img-rot',
    drawn(100, 0, () => blot),
    { trainCount: 100, testCount: 0 },
  );
  let moved = 0;
  for (let i = 0; i < 100; i++) {
    const image = imageOf(train, i);
    expect(Math.max(...image)).toBeGreaterThan(220);
    expect(Math.min(...image)).toBeGreaterThan(0);
    if ((image[13 * side + 21] as number) < 200) moved++;
  }
  expect(moved).toBeGreaterThan(60);
});

test('too many digits, wrong sizes and lone backgrounds are refused', () => {
  expect(() => variation('rot', numbered, { trainCount: 100, testCount: 51 })).toThrow(ArgumentError);
  expect(() => variation('rot', numbered, { trainCount: -1, testCount: 5 })).toThrow(ArgumentError);
  expect(() => variation('rot', { ...numbered, width: 32 }, counts)).toThrow(ArgumentError);
  expect(() => variation('bg-img', numbered, { trainCount: 5, testCount: 5, backgrounds: [] })).toThrow(
    ArgumentError,
  );
});
