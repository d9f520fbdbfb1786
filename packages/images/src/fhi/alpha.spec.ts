import { BinReader, BinWriter } from '@funhash/codec/coder';
import { crc32, random } from '@funhash/hashing';
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
  type RgbPicture,
  toRgb,
} from '../index.ts';
import { mostBody, type Segment, segmentsOf } from '../jpeg/segments.ts';
import fixtures from './alpha.fixtures.json' with { type: 'json' };
import { alphaIn, withAlpha } from './alpha.ts';
import { codeAlpha, contextCount } from './alpha-model.ts';

beforeAll(async () => {
  await useBackend('wasm');
});

/** A JPEG of a size, whatever it shows. */
function jpegOf(width: number, height: number): Uint8Array {
  const data = Buffer.from(Array.from({ length: 4 * width * height }, (_, k) => (k * 37) % 256));
  return new Uint8Array(jpeg.encode({ width, height, data }, 50).data);
}

/** Alpha as it is drawn: of one value, of two, with soft edges, and of any values. */
const kinds = {
  one: (seed: number) => () => seed % 256,
  two: (seed: number) => (x: number, y: number) => ((x * (seed % 5) + y * 3) % 17 < 8 ? 0 : 255),
  soft: (seed: number) => (x: number, y: number) => 20 * (Math.hypot(x - (seed % 20), y - 9) - 6),
  any: (seed: number) => {
    const draw = random(seed);
    return () => draw.integer(256);
  },
  runs: (seed: number) => {
    const draw = random(seed);
    let value = 0;
    return () => (value = draw.integer(9) === 0 ? draw.integer(256) : value);
  },
} as const;

function alphaOf(kind: keyof typeof kinds, seed: number, width: number, height: number): Uint8Array {
  const of = kinds[kind](seed);
  return Uint8Array.from({ length: width * height }, (_, k) =>
    Math.max(0, Math.min(255, Math.round(of(k % width, Math.floor(k / width))))),
  );
}

const size = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });
const kind = fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[]));

test('any alpha of any size is read as it was written; the JPEG is as before', () => {
  const plain = jpegOf(8, 8);
  fc.assert(
    fc.property(size, kind, fc.nat(), ({ width, height }, which, seed) => {
      const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): void =>
        expect(a && b ? Buffer.compare(a, b) : (a ?? b)).toBe(a && 0);
      const alpha = alphaOf(which, seed, width, height);
      const kept = alpha.slice();
      const bytes = withAlpha(plain, alpha, { width, height });
      same(alpha, kept);
      const isOpaque = alpha.every((value) => value === 255);
      same(alphaIn(bytes, { width, height }), isOpaque ? undefined : alpha);
      same(withAlpha(bytes, undefined, { width, height }), plain);
    }),
    { seed: 18, numRuns: 300 },
  );
});

test.each(fixtures)('$width × $height: another reader finds the same in the same bytes', (fixture) => {
  const { width, height, coded } = fixture;
  const bytes = Uint8Array.from(Buffer.from(coded, 'hex'));
  const alpha = new Uint8Array(width * height);
  const reader = new BinReader(bytes, contextCount);
  codeAlpha(reader, alpha, width, height);
  expect([...alpha]).toEqual(fixture.alpha);
  expect(reader.finish()).toBe(bytes.length);
  const writer = new BinWriter(contextCount);
  codeAlpha(writer, alpha, width, height);
  expect(writer.finish()).toEqual(bytes);
});

test('alpha of a few values takes few bytes, opaque alpha none', () => {
  const [width, height] = [256, 256];
  const plain = jpegOf(width, height);
  const bytesOf = (of: (distance: number) => number): number => {
    const alpha = Uint8Array.from({ length: width * height }, (_, k) =>
      Math.max(0, Math.min(255, Math.round(of(Math.hypot((k % width) - 128, Math.floor(k / width) - 120))))),
    );
    return withAlpha(plain, alpha, { width, height }).length - plain.length;
  };
  expect(bytesOf(() => 255)).toBe(0);
  expect(bytesOf(() => 128)).toBeLessThan(60);
  expect(bytesOf((d) => (d < 90 ? 255 : 0))).toBeLessThan(220);
  expect(bytesOf((d) => 255 * (90.5 - d))).toBeLessThan(900);
});

test('alpha that needs more than a segment; parts that are not all there, or in another order, are refused', () => {
  const [width, height] = [300, 250];
  const alpha = alphaOf('any', 7, width, height);
  const bytes = withAlpha(jpegOf(width, height), alpha, { width, height });
  const parts = [...segmentsOf(bytes)].filter(({ marker }) => marker === 0xea);
  expect(parts.map(({ body }) => body.length)).toEqual([mostBody, expect.any(Number)]);
  expect(alphaIn(bytes, { width, height })).toEqual(alpha);
  const [first, second] = parts as [Segment, Segment];
  const whole = ({ at, end }: Segment): Uint8Array => bytes.subarray(at, end);
  for (const [order, message] of [
    [[first], 'part 0 of 1 of alpha'],
    [[second, first], 'part 0 of 2'],
    [[first, second, second], 'of 3'],
  ] as const) {
    const changed = Buffer.concat([
      bytes.subarray(0, first.at),
      ...order.map(whole),
      bytes.subarray(second.end),
    ]);
    expect(() => alphaIn(new Uint8Array(changed), { width, height })).toThrow(message);
    expect(() => alphaIn(new Uint8Array(changed), { width, height })).toThrow(PictureError);
  }
});

describe('damage', () => {
  const [width, height] = [33, 21];
  const alpha = alphaOf('soft', 3, width, height);
  const plain = jpegOf(width, height);
  const bytes = withAlpha(plain, alpha, { width, height });
  const segment = [...segmentsOf(bytes)].find(({ marker }) => marker === 0xea) as Segment;
  const net = artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2 });

  test('each byte of the segment that is another is refused, and the JPEG is there all the same', () => {
    const shown = toRgb(decodeJpeg(plain)).data;
    for (let at = segment.at + 4; at < segment.end; at++)
      for (const bit of [1, 128]) {
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ bit;
        // With another name it is a segment of somebody else.
        if (at < segment.at + 8) expect(decodePicture(changed, net).alpha).toBeUndefined();
        else expect(() => decodePicture(changed, net), `byte ${at}`).toThrow(PictureError);
        expect(Buffer.compare(toRgb(decodeJpeg(changed)).data, shown)).toBe(0);
      }
  });

  test('cut at each byte, with the checksum of what is left', () => {
    const coded = bytes.subarray(segment.at + 4 + 9 + 4, segment.end);
    for (let length = 0; length < coded.length; length++)
      expect(() => alphaIn(stamped(coded.subarray(0, length)), { width, height }), `${length}`).toThrow(
        PictureError,
      );
    expect(alphaIn(stamped(coded), { width, height })).toEqual(alpha);
    expect(() => alphaIn(stamped(Uint8Array.from([...coded, 0])), { width, height })).toThrow(PictureError);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodePicture(bytes.subarray(0, length), net)).toThrow(PictureError);
  });

  test('another codeword with its checksum: an error, or alpha of the size of the JPEG', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (coded) => {
        try {
          expect(alphaIn(stamped(coded), { width, height })?.length).toBe(width * height);
        } catch (error) {
          if (!(error instanceof PictureError)) throw error;
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('a JPEG of another size does not take it, and neither does another version', () => {
    const other = jpegOf(width - 1, height);
    const moved = Buffer.concat([
      other.subarray(0, 2),
      bytes.subarray(segment.at, segment.end),
      other.subarray(2),
    ]);
    expect(() => decodePicture(new Uint8Array(moved), net)).toThrow('another size');
    const later = bytes.slice();
    later[segment.at + 8] = 2;
    expect(() => decodePicture(later, net)).toThrow('alpha of version 1');
  });

  /** A JPEG with a segment of coded alpha that says to be whole. */
  function stamped(coded: Uint8Array): Uint8Array {
    const body = new Uint8Array(9 + 4 + coded.length);
    body.set([0x46, 0x48, 0x41, 0, 1, 0, 0, 0, 1]);
    new DataView(body.buffer).setUint32(9, crc32(Uint8Array.of(width, 0, height, 0, ...coded)) >>> 0, true);
    body.set(coded, 13);
    const head = [0xff, 0xea, (body.length + 2) >> 8, (body.length + 2) & 255];
    return Uint8Array.from([...plain.subarray(0, 2), ...head, ...body, ...plain.subarray(2)]);
  }
});

test('distances beyond what is between are cut, never wrapped', () => {
  // A reader that finds nothing as expected, all of it below, and the farthest distances that there are.
  const found = new Uint8Array(64 * 64);
  codeAlpha({ bin: (context) => (context < 8 + 162 + 1125 ? 0 : 1) }, found, 64, 64);
  expect(found.every((value) => value >= 1 && value <= 254)).toBe(true);
});

test('a picture with alpha: encoded, decoded, and encoded anew without', async () => {
  const [width, height] = [48, 40];
  const net = artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2 });
  const plain = jpegOf(width, height);
  const rgb = toRgb(decodeJpeg(plain));
  const original: RgbPicture = { ...rgb, alpha: alphaOf('soft', 5, width, height) };
  const found = await encodePicture(plain, original, net, { steps: 0 });
  const { alphaBytes, extraBytes, bytes } = found;
  expect(alphaBytes).toBeGreaterThan(20);
  expect(jpeg.decode(bytes).data).toEqual(jpeg.decode(plain).data);
  expect(bytes.length).toBe(plain.length + alphaBytes + extraBytes);
  expect(decodePicture(bytes, net)).toEqual({ ...rgb, alpha: original.alpha, mode: found.mode });
  const again = await encodePicture(bytes, rgb, net, { steps: 0 });
  expect(again.alphaBytes).toBe(0);
  expect('alpha' in decodePicture(again.bytes, net)).toBe(false);
  await expect(encodePicture(plain, { ...rgb, alpha: new Uint8Array(3) }, net)).rejects.toThrow('alpha');
});
