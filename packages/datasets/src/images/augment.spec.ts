import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Augmentation, type AugmentOptions, augment } from './augment.ts';

const size = { height: 6, width: 5, channels: 2 };
const elements = 60;

/** Bytes from 1 on: 0 tells what came from outside. */
const imagesOf = (count: number, seed: number) =>
  Uint8Array.from({ length: count * elements }, (_, k) => 1 + (((k * 2654435761 + seed * 97) >>> 7) % 255));

const augmentation: fc.Arbitrary<Augmentation> = fc.record({
  flip: fc.boolean(),
  rotation: fc.double({ min: 0, max: 180, noNaN: true }),
  shift: fc.nat(7),
  cutout: fc.nat(9),
});

const run = { seed: 6 };

describe('laws', () => {
  test('length, type and range are kept, and the given images are not touched', () => {
    fc.assert(
      fc.property(augmentation, fc.nat(4), fc.nat(), fc.nat(255), (options, count, seed, fill) => {
        const images = imagesOf(count, seed);
        const before = images.slice();
        const indices = Array.from({ length: count }, (_, k) => k);
        const bytes = augment(images, { ...options, ...size, indices, seed, fill });
        expect(bytes).toBeInstanceOf(Uint8Array);
        expect(bytes).toHaveLength(images.length);
        expect(images).toEqual(before);
        const floats = augment(Float32Array.from(images), { ...options, ...size, indices, seed, fill });
        for (const [k, value] of floats.entries()) {
          expect(value).toBeGreaterThanOrEqual(Math.min(fill, 1) - 1e-3);
          expect(value).toBeLessThanOrEqual(255 + 1e-3);
          expect(Math.abs(value - (bytes[k] as number))).toBeLessThanOrEqual(0.501);
        }
      }),
      run,
    );
  });

  test('seed, epoch and index decide: not the batch that an image is in, nor its place there', () => {
    fc.assert(
      fc.property(
        augmentation,
        fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.nat(99),
        (options, indices, seed, epoch) => {
          const image = imagesOf(1, seed);
          const batch = Uint8Array.from(
            { length: indices.length * elements },
            (_, k) => image[k % elements] as number,
          );
          const shared = { ...options, ...size, seed, epoch };
          const together = augment(batch, { ...shared, indices });
          indices.forEach((index, k) => {
            const alone = augment(image, { ...shared, indices: [index] });
            expect(together.subarray(k * elements, (k + 1) * elements)).toEqual(alone);
          });
        },
      ),
      run,
    );
  });

  test('nothing asked for, nothing changed', () => {
    const images = imagesOf(3, 0);
    const indices = [0, 1, 2];
    expect(augment(images, { ...size, indices })).toEqual(images);
    expect(augment(images, { ...size, indices, flip: false, rotation: 0, shift: 0, cutout: 0 })).toEqual(
      images,
    );
  });

  test('a flip twice is the identity', () => {
    const images = imagesOf(40, 1);
    const options = { ...size, indices: Array.from({ length: 40 }, (_, k) => k), flip: true };
    const once = augment(images, options);
    expect(once).not.toEqual(images);
    expect(augment(once, options)).toEqual(images);
  });
});

/** What an option does, seen on many images of one pixel column each. */
const images = 2000;
const shown = (options: Augmentation, seed = 0, epoch = 0, at: Partial<AugmentOptions> = {}) => {
  const marked = { height: 9, width: 9, channels: 1 };
  const one = new Uint8Array(81);
  one[4 * 9 + 3] = 200;
  const all = new Uint8Array(images * 81);
  for (let k = 0; k < images; k++) all.set(one, k * 81);
  const indices = Array.from({ length: images }, (_, k) => k);
  const out = augment(all, { ...marked, ...options, indices, seed, epoch, ...at });
  return Array.from({ length: images }, (_, k) => {
    const place = out.subarray(k * 81, (k + 1) * 81).findIndex((value) => value > 150);
    return place === -1 ? 'gone' : `${place % 9} ${Math.floor(place / 9)}`;
  });
};
const countsOf = (values: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

describe('distributions', () => {
  test('shift: every move alike often', () => {
    const counts = countsOf(shown({ shift: 2 }));
    expect([...counts.keys()].sort()).toEqual(
      [1, 2, 3, 4, 5].flatMap((x) => [2, 3, 4, 5, 6].map((y) => `${x} ${y}`)).sort(),
    );
    // 80 each: 4.5 standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 80)).toBeLessThan(40);
  });

  test('flip: half of the images', () => {
    const counts = countsOf(shown({ flip: true }));
    expect([...counts.keys()].sort()).toEqual(['3 4', '5 4']);
    expect(Math.abs((counts.get('3 4') as number) - 1000)).toBeLessThan(100);
  });

  test('cutout: each pixel as often as a centre is near', () => {
    // The pixel (3, 4) is under squares of side 3 with 9 of the 81 centres.
    const gone = countsOf(shown({ cutout: 3 })).get('gone') as number;
    expect(Math.abs(gone - (images * 9) / 81)).toBeLessThan(65);
  });

  test('one option does not change what another one does', () => {
    const shifts = shown({ shift: 2 });
    const both = shown({ shift: 2, cutout: 2 });
    expect(both.filter((place) => place !== 'gone')).toEqual(shifts.filter((_, k) => both[k] !== 'gone'));
  });

  test('other seeds, other epochs: other draws', () => {
    const all = [shown({ shift: 3 }), shown({ shift: 3 }, 1), shown({ shift: 3 }, 0, 1)].map((x) => x.join());
    expect(new Set(all).size).toBe(3);
  });

  test('pinned draws', () => {
    expect(shown({ shift: 3, flip: true }, 5, 2).slice(0, 6)).toMatchInlineSnapshot(`
      [
        "3 6",
        "7 4",
        "8 5",
        "1 6",
        "5 1",
        "5 4",
      ]
    `);
  });
});

test('bad options are refused', () => {
  const image = imagesOf(1, 0);
  const bad: Partial<AugmentOptions>[] = [
    { rotation: -1 },
    { rotation: 181 },
    { rotation: Number.NaN },
    { shift: 1.5 },
    { shift: -1 },
    { cutout: -2 },
    { fill: Number.POSITIVE_INFINITY },
    { indices: [0, 1] },
    { height: 5 },
  ];
  for (const options of bad)
    expect(() => augment(image, { ...size, indices: [0], ...options })).toThrow(ArgumentError);
});

test('a Buffer is left as it was, and pixels of a canvas are rounded as bytes are', () => {
  const levels = Uint8Array.from({ length: 2 * 25 }, (_, k) => (k * 91) % 256);
  const options = {
    height: 5,
    width: 5,
    channels: 1,
    indices: [0, 1],
    rotation: 40,
    shift: 1,
    flip: true,
  } as const;
  const expected = Array.from(augment(levels, options));
  const buffer = Buffer.from(levels);
  expect(Array.from(augment(buffer, options))).toEqual(expected);
  expect(Uint8Array.from(buffer)).toEqual(levels);
  const clamped = augment(Uint8ClampedArray.from(levels), options);
  expect(clamped).toBeInstanceOf(Uint8ClampedArray);
  expect(Array.from(clamped)).toEqual(expected);
  for (const images of [new Float64Array(50), Array.from(levels), undefined])
    expect(() => augment(images as never, options)).toThrow('images as bytes or a Float32Array');
});
