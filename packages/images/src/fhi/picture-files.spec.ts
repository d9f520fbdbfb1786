import { applyUpdate } from '@funhash/codec/update';
import { ArgumentError, crc32 } from '@funhash/hashing';
import { useBackend } from '@funhash/layers';
import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  artifactNet,
  decodeJpeg,
  decodePicture,
  encodePicture,
  PictureError,
  psnr,
  type RgbPicture,
  toRgb,
} from '../index.ts';
import { type NetValues, setValues, valuesOf } from './net-values.ts';
import { enhancementIn } from './segment.ts';

type NetValue = NetValues extends Map<string, infer V> ? V : never;

const size = 64;
const original = ((): RgbPicture => {
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let c = 0; c < 3; c++)
        data[3 * (y * size + x) + c] =
          128 + 60 * Math.sin(x / 5 + c) + 50 * Math.sign(Math.sin((x + y) / 13));
  return { width: size, height: size, data };
})();
const rgba = new Uint8Array(size * size * 4).map((_, k) =>
  k % 4 === 3 ? 255 : (original.data[3 * (k >> 2) + (k % 4)] as number),
);
const plain = new Uint8Array(jpeg.encode({ width: size, height: size, data: rgba }, 20).data);
const small = { channels: 4, depth: 3, chromaChannels: 4, chromaDepth: 2 };
const net = artifactNet({ ...small, seed: 1 });
const values = (): number[] => net.parameters().flatMap(({ value }) => [...value.dataSync()]);
// What bytes cost is nothing here, so that the tuned network is taken.
const options = { steps: 20, decibelsPerDoubling: 0, weight: 1e-5, learningRate: 0.01, tune: 'all' } as const;

let tuned: Uint8Array;
beforeAll(async () => {
  await useBackend('wasm');
  const found = await encodePicture(plain, original, net, options);
  expect(found.mode).toBe('tuned');
  tuned = found.bytes;
});

test('a tuned picture is better than the JPEG and the base, and decodes to what the encoder saw', async () => {
  const before = values();
  const { quality, extraBytes, mode, bytes } = await encodePicture(plain, original, net, options);
  expect(values()).toEqual(before);
  expect([mode, bytes]).toEqual(['tuned', tuned]);
  expect(extraBytes).toBe(bytes.length - plain.length);
  expect(quality.file.luma + quality.file.rgb).toBeGreaterThan(quality.base.luma + quality.base.rgb);
  expect(quality.file.luma + quality.file.rgb).toBeGreaterThan(quality.jpeg.luma + quality.jpeg.rgb);
  const decoded = decodePicture(bytes, net);
  expect(decoded.mode).toBe('tuned');
  expect(values()).toEqual(before);
  const rgb = (data: Uint8Array): number =>
    10 *
    Math.log10(
      255 ** 2 / (data.reduce((sum, x, k) => sum + (x - (original.data[k] as number)) ** 2, 0) / data.length),
    );
  expect(rgb(decoded.data)).toBeCloseTo(quality.file.rgb, 9);
});

/** A network that does the right thing, so strongly, and adds so much to the means of chroma. */
function weakened({ strength = 1, offset = 0 }) {
  const own = artifactNet({ ...small, seed: 1 });
  const values = applyUpdate(valuesOf(net), enhancementIn(tuned)?.update as Uint8Array) as NetValues;
  const change = (name: string, to: (x: number, k: number) => number): void => {
    const value = values.get(name) as NetValue;
    values.set(name, { ...value, data: value.data.map(to) });
  };
  for (const last of ['0.2.weight.w', '2.1.weight.w']) change(last, (x) => x * strength);
  change('2.1.bias', (x, k) => (k % 4 === 0 ? x + offset : x));
  setValues(own, values);
  return { own, values };
}

test('multipliers alone: a smaller update, which decodes to what the encoder saw', async () => {
  const { own, values: better } = weakened({ strength: 1 / 2 });
  const way = { ...options, tune: 'multipliers' } as const;
  const { bytes, mode, quality, extraBytes } = await encodePicture(plain, original, own, way);
  expect(mode).toBe('multipliers');
  expect(extraBytes).toBeLessThan((tuned.length - plain.length) / 2);
  expect(quality.file.luma + quality.file.rgb).toBeGreaterThan(quality.base.luma + quality.base.rgb);
  const decoded = decodePicture(bytes, own);
  expect(decoded.mode).toBe('multipliers');
  expect(valuesOf(own)).toEqual(better);
  expect(psnr(decoded, original)).toEqual(quality.file);
  expect(() => decodePicture(bytes, net)).toThrow('the base with fingerprint');
});

test('biases alone, and with multipliers: updates that decode to what the encoder saw', async () => {
  const { own, values: was } = weakened({ offset: 0.1 });
  const encoded = (tune: 'biases' | 'channels') => encodePicture(plain, original, own, { ...options, tune });
  const [alone, both] = [await encoded('biases'), await encoded('channels')];
  expect([alone.mode, both.mode]).toEqual(['tuned', 'multipliers']);
  const update = enhancementIn(alone.bytes)?.update as Uint8Array;
  const changed = [...(applyUpdate(was, update) as NetValues)].filter(([name, { data }]) =>
    data.some((x, k) => x !== was.get(name)?.data[k]),
  );
  expect(changed.length).toBeGreaterThan(0);
  for (const [name] of changed) expect(name).toMatch(/bias$/);
  for (const { bytes, quality } of [alone, both])
    expect(psnr(decodePicture(bytes, own), original)).toEqual(quality.file);
  for (const { quality } of [alone, both]) {
    expect(quality.file.rgb).toBeGreaterThan(quality.base.rgb);
    expect(quality.file.rgb).toBeGreaterThan(quality.jpeg.rgb);
  }
});

test('of a short JPEG channels are tuned, of a long one all values', async () => {
  const comment = new Uint8Array(20_004).fill(32);
  comment.set([0xff, 0xfe, 20_002 >> 8, 20_002 & 255]);
  const long = Uint8Array.from([...plain.subarray(0, 2), ...comment, ...comment, ...plain.subarray(2)]);
  const auto = { ...options, tune: 'auto' } as const;
  expect((await encodePicture(long, original, net, auto)).mode).toBe('tuned');
  expect((await encodePicture(plain, original, weakened({ offset: 0.1 }).own, auto)).mode).toBe(
    'multipliers',
  );
});

test('other readers see the JPEG; encoding again takes the old segment out', async () => {
  expect(jpeg.decode(tuned).data).toEqual(jpeg.decode(plain).data);
  expect(toRgb(decodeJpeg(tuned))).toEqual(toRgb(decodeJpeg(plain)));
  const again = await encodePicture(tuned, original, net, { ...options, steps: 0 });
  expect(again.mode === 'tuned').toBe(false);
  expect(again.bytes.length).toBeLessThan(plain.length + 20);
  // The segment of JFIF stays the first.
  expect([...tuned.subarray(2, 4), ...tuned.subarray(6, 10)]).toEqual([0xff, 0xe0, 0x4a, 0x46, 0x49, 0x46]);
});

test('where nothing pays the file says so, and is the JPEG', async () => {
  const dear = { ...options, decibelsPerDoubling: 1e6 };
  const { mode, bytes, quality } = await encodePicture(plain, original, net, dear);
  expect([mode, bytes.length]).toEqual(['off', plain.length + 10]);
  expect(quality.file).toEqual(quality.jpeg);
  expect(decodePicture(bytes, net).data).toEqual(toRgb(decodeJpeg(plain)).data);
  expect(decodePicture(plain, net).mode).toBe('off');
});

describe('refused', () => {
  test('another base, with the JPEG still there', async () => {
    const other = artifactNet({ ...small, seed: 2 });
    expect(() => decodePicture(tuned, other)).toThrow(PictureError);
    const based = await encodePicture(plain, original, net, { steps: 0, decibelsPerDoubling: 0 });
    if (based.mode === 'base')
      expect(() => decodePicture(based.bytes, other)).toThrow('the base with fingerprint');
    expect(toRgb(decodeJpeg(tuned)).width).toBe(size);
  });

  test('cut off or changed: an error, or a picture of the size that the file says', () => {
    for (let length = 0; length < tuned.length; length += 7)
      expect(() => decodePicture(tuned.slice(0, length), net)).toThrow(PictureError);
    const segment = 2 + 2 + ((tuned[4] as number) << 8) + (tuned[5] as number);
    const edit = fc.tuple(fc.integer({ min: segment, max: segment + 60 }), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.boolean(), (edits, isStamped) => {
        const bytes = tuned.slice();
        for (const [at, value] of edits) bytes[at] = value;
        if (isStamped) stamp(bytes, segment);
        try {
          const { data, width, height } = decodePicture(bytes, net, { maxPixels: 10_000 });
          expect(data.length).toBe(3 * width * height);
        } catch (error) {
          if (!(error instanceof PictureError)) throw error;
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  test('originals of another size, options that do not exist', async () => {
    const small = { width: 8, height: 8, data: new Uint8Array(192) };
    await expect(encodePicture(plain, small, net)).rejects.toThrow(ArgumentError);
    await expect(encodePicture(plain, original, net, { step: 3 } as never)).rejects.toThrow('steps');
    await expect(encodePicture(Uint8Array.of(1, 2), original, net)).rejects.toThrow(PictureError);
    expect(() => decodePicture(plain, net, { maxPixels: 10 })).toThrow('at most 10 pixels');
  });
});

/** Sets the checksum of the update in a segment right. */
function stamp(bytes: Uint8Array, segment: number): void {
  const end = segment + 2 + (((bytes[segment + 2] as number) << 8) | (bytes[segment + 3] as number));
  const from = segment + 10;
  if (end - 4 <= from || end > bytes.length) return;
  new DataView(bytes.buffer).setUint32(end - 4, crc32(bytes.subarray(from, end - 4)) >>> 0, true);
}
