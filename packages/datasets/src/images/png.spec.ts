import { deflateSync } from 'node:zlib';
import { type Random, random } from '@funhash/hashing';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { DataFormatError } from '../errors.ts';
import {
  chunk,
  encodePng,
  filteredRows,
  header,
  type Samples,
  samplesOf,
  signature,
} from './png.spec-kit.ts';
import { decodePng, pngSize } from './png.ts';

const kinds = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
] as const;
const variants = kinds.flatMap(([colours, depths]) =>
  depths.flatMap((depth) =>
    [false, true].flatMap((isInterlaced) =>
      [false, true]
        .filter((hasTransparency) => !hasTransparency || colours <= 3)
        .map((hasTransparency) => ({ colours, depth, isInterlaced, hasTransparency })),
    ),
  ),
);

type Variant = (typeof variants)[number];

function drawn({ colours, depth, isInterlaced, hasTransparency }: Variant, draws: Random): Samples {
  const [width, height] = [1 + draws.integer(19), 1 + draws.integer(11)];
  const values = Array.from({ length: width * height * samplesOf[colours] }, () => draws.integer(2 ** depth));
  const entries = colours === 3 ? 2 ** depth : 0;
  const palette = Array.from({ length: 3 * entries }, () => draws.integer(256));
  const key = values.slice(0, samplesOf[colours]).flatMap((value) => [value >> 8, value & 255]);
  const alphas = Array.from({ length: Math.ceil(entries / 2) }, () => draws.integer(256));
  return {
    ...{ width, height, depth, colours, isInterlaced, values },
    ...(entries > 0 && { palette }),
    ...(hasTransparency && { transparency: colours === 3 ? alphas : key }),
  };
}

/** Pixels by another decoder, mixed with white. */
function byPngjs(bytes: Buffer): number[] {
  const { data } = PNG.sync.read(bytes);
  return Array.from({ length: data.length / 4 }, (_, k) =>
    [0, 1, 2].map((c) => {
      const alpha = (data[4 * k + 3] as number) / 255;
      return 255 + alpha * ((data[4 * k + c] as number) - 255);
    }),
  ).flat();
}

describe.each(variants)(
  'colour type $colours, $depth bits, interlaced: $isInterlaced, tRNS: $hasTransparency',
  (variant) => {
    test('the pixels of another decoder', async () => {
      const draws = random(5).fork(JSON.stringify(variant));
      for (let run = 0; run < 12; run++) {
        const picture = drawn(variant, draws);
        const bytes = encodePng(picture, draws);
        const { width, height, channels, data } = await decodePng(bytes, { channels: 3, background: 255 });
        expect({ width, height, channels }).toEqual({
          width: picture.width,
          height: picture.height,
          channels: 3,
        });
        const expected = byPngjs(bytes);
        expect(data).toHaveLength(expected.length);
        // Of 16 bits, pngjs rounds the samples and alpha to 8 before they are mixed.
        const apart = expected.map((level, k) => Math.abs(level - (data[k] as number)));
        expect(Math.max(...apart)).toBeLessThanOrEqual(variant.depth === 16 ? 1.5 : 0.5);
        const rgba = await decodePng(bytes, { channels: 4 });
        const straight = PNG.sync.read(bytes).data;
        expect([rgba.channels, rgba.data.length]).toEqual([4, straight.length]);
        // Of 16 bits pngjs leaves out what lies behind the first 8; what is wholly transparent it makes black.
        const most = variant.depth === 16 ? 1 : 0;
        const shown = (k: number): boolean => k % 4 === 3 || straight[k | 3] !== 0;
        expect(
          rgba.data.every((level, k) => !shown(k) || Math.abs(level - (straight[k] as number)) <= most),
        ).toBe(true);
        const grey = await decodePng(bytes, { background: 255 });
        grey.data.forEach((level, k) => {
          const [r, g, b] = expected.slice(3 * k, 3 * k + 3) as [number, number, number];
          expect(Math.abs(level - (0.299 * r + 0.587 * g + 0.114 * b))).toBeLessThanOrEqual(2);
        });
      }
    });

    test('cut at every byte it is refused', async () => {
      const draws = random(6).fork(JSON.stringify(variant));
      const bytes = encodePng(drawn(variant, draws), draws);
      for (let length = 0; length < bytes.length; length++)
        await expect(decodePng(bytes.subarray(0, length), { background: 0 }), `${length}`).rejects.toThrow(
          DataFormatError,
        );
    });
  },
);

describe('damage', () => {
  const draws = random(7);
  const picture = drawn({ colours: 6, depth: 8, isInterlaced: false, hasTransparency: false }, draws);
  const rows = filteredRows(picture, draws);
  const file = (...chunks: Buffer[]) => Buffer.concat([signature, ...chunks]);
  const pixels = (bytes: ArrayLike<number> = rows) => chunk('IDAT', deflateSync(Uint8Array.from(bytes)));
  const end = chunk('IEND', []);
  const indexed = { ...picture, colours: 3, depth: 1 } as const;
  const cut = (content: number, at: number) => deflateSync(Uint8Array.from(rows)).subarray(content, at);

  test.each<[string, Buffer, RegExp]>([
    ['no bytes', Buffer.alloc(0), /signature/],
    ['another chunk first', file(pixels(), end), /IHDR/],
    ['a header twice', file(header(picture), header(picture), pixels(), end), /unknown chunk.*IHDR/],
    ['no pixels', file(header(picture), end), /a chunk IDAT/],
    ['no end', file(header(picture), pixels()), /end of the file/],
    ['an unknown chunk that matters', file(header(picture), chunk('ABCD', [1]), pixels(), end), /ABCD/],
    ['control characters for a name', file(header(picture), chunk('\x9b[2J', []), end), /\\u009b/],
    ['pixels apart', file(header(picture), pixels(), chunk('tEXt', [65, 0]), pixels(), end), /in a row/],
    ['a row fewer', file(header(picture), pixels(rows.slice(0, -1 - 4 * picture.width)), end), /got fewer/],
    ['a byte fewer', file(header(picture), pixels(rows.slice(0, -1)), end), /got fewer/],
    ['a byte more', file(header(picture), pixels([...rows, 0]), end), /got more/],
    ['an unknown filter', file(header(picture), pixels([5, ...rows.slice(1)]), end), /filters from 0 to 4/],
    ['a stream that is cut', file(header(picture), chunk('IDAT', cut(0, -5)), end), /whole compressed/],
    [
      'a stream without its checksum',
      file(header(picture), chunk('IDAT', cut(0, -4)), end),
      /whole compressed/,
    ],
    ['no palette', file(header(indexed), pixels([0, 0]), end), /a palette, got none/],
    [
      'a palette too long',
      file(header(indexed), chunk('PLTE', new Array(9).fill(1)), pixels(), end),
      /1 to 2 colours/,
    ],
    ['a palette that is cut', file(header(indexed), chunk('PLTE', [1, 2]), pixels(), end), /1 to 2 colours/],
    [
      'transparency without colours',
      file(header(indexed), chunk('tRNS', [1]), pixels(), end),
      /fits the colours/,
    ],
    [
      'transparency beside alpha',
      file(header(picture), chunk('tRNS', [1, 1]), pixels(), end),
      /fits the colours/,
    ],
    [
      'a depth that there is not',
      file(header({ ...picture, depth: 4 }), pixels(), end),
      /depth and a colour type/,
    ],
    [
      'a name of the prototype',
      file(chunk('IHDR', [0, 0, 0, 1, 0, 0, 0, 1, 8, 5, 0, 0, 0]), end),
      /colour type/,
    ],
    ['no columns', file(header({ ...picture, width: 0 }), pixels(), end), /pixels/],
    [
      '2^62 pixels',
      file(header({ ...picture, width: 2 ** 31, height: 2 ** 31 }), pixels(), end),
      /1 to 16777216 pixels/,
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(decodePng(bytes, { background: 0, source: 'x.png' })).rejects.toThrow(DataFormatError);
    await expect(decodePng(bytes, { background: 0, source: 'x.png' })).rejects.toThrow(message);
    await expect(decodePng(bytes, { background: 0, source: 'x.png' })).rejects.toThrow('x.png');
  });

  test('a colour that the palette has not', async () => {
    const one = { ...indexed, width: 8, height: 1 };
    const bytes = file(header(one), chunk('PLTE', [1, 2, 3]), pixels([0, 0b00000100]), end);
    await expect(decodePng(bytes)).rejects.toThrow('got the colour 1');
  });

  test('any changed byte: refused, or the same pixels, twice', async () => {
    const bytes = file(header(picture), chunk('tEXt', Buffer.from('Comment\0x')), pixels(), end);
    const right = await decodePng(bytes, { background: 9 });
    let same = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 + draws.integer(255));
      for (let again = 0; again < 2; again++) {
        const found = await decodePng(changed, { background: 9 }).catch((error: unknown) => error);
        if (!(found instanceof DataFormatError)) expect(found).toEqual(right);
        same += found instanceof DataFormatError ? 0 : 1;
      }
    }
    expect(same).toBe(0);
  });
});

/** The chunks of a file, without what frames them. */
function chunksOf(file: Buffer): [type: string, data: Buffer][] {
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const data = file.subarray(at + 8, at + 8 + file.readUInt32BE(at));
    chunks.push([file.toString('latin1', at + 4, at + 8), Buffer.from(data)]);
  }
  return chunks;
}

test('1000 files whose chunks were changed, moved or cut, with right checksums: a typed refusal, or a picture', async () => {
  const draws = random(11);
  let read = 0;
  for (let run = 0; run < 1000; run++) {
    const chunks = chunksOf(encodePng(drawn(variants[run % variants.length] as Variant, draws), draws));
    const k = draws.integer(chunks.length);
    const chosen = chunks[k] as [string, Buffer];
    const data = chosen[1];
    const change = [
      () => data.length > 0 && data.writeUInt8(draws.integer(256), draws.integer(data.length)),
      () => chunks.splice(k, 1),
      () => chunks.splice(draws.integer(chunks.length), 0, chosen),
      () => {
        chosen[1] = data.subarray(0, draws.integer(data.length + 1));
      },
    ][draws.integer(4)] as () => unknown;
    change();
    const file = Buffer.concat([signature, ...chunks.map(([type, content]) => chunk(type, content))]);
    const decode = () => decodePng(file, { background: 7, channels: 3, maxPixels: 1e6 });
    const found = await decode().catch((error: unknown) => error);
    if (found instanceof DataFormatError) continue;
    const { width, height, data: pixels } = found as Awaited<ReturnType<typeof decode>>;
    expect(pixels).toHaveLength(3 * width * height);
    expect(await decode()).toEqual(found);
    read++;
  }
  expect(read).toBeGreaterThan(50);
});

describe('files that promise more than they hold', () => {
  const grey = { depth: 8, colours: 0, isInterlaced: false } as const;

  test('a kilobyte of 4096 × 4096 is refused before anything is inflated', async () => {
    const bytes = Buffer.concat([
      signature,
      header({ ...grey, width: 4096, height: 4096 }),
      chunk('IDAT', deflateSync(new Uint8Array(2 ** 20))),
      chunk('IEND', []),
    ]);
    expect(bytes.length).toBeLessThan(1200);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodePng(bytes)).rejects.toThrow('which cannot hold them');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test('a bomb behind a small header is stopped', async () => {
    const bytes = Buffer.concat([
      signature,
      header({ ...grey, width: 4, height: 4 }),
      chunk('IDAT', deflateSync(new Uint8Array(2 ** 28))),
      chunk('IEND', []),
    ]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodePng(bytes)).rejects.toThrow('got more');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});

describe('transparency', () => {
  const stroke = (alpha: number) =>
    encodePng(
      { width: 2, height: 1, depth: 8, colours: 4, isInterlaced: false, values: [0, 255, 0, alpha] },
      random(1),
    );

  test('black strokes on nothing are seen on the background that is stated', async () => {
    expect((await decodePng(stroke(0), { background: 255 })).data).toEqual(Uint8Array.of(0, 255));
    expect((await decodePng(stroke(0), { background: 0 })).data).toEqual(Uint8Array.of(0, 0));
    expect((await decodePng(stroke(51), { background: 200 })).data).toEqual(Uint8Array.of(0, 160));
  });

  test('without one they are refused, opaque pictures with alpha are not', async () => {
    await expect(decodePng(stroke(254))).rejects.toThrow(
      /transparent pixel in column 1, row 0.*background: white/,
    );
    expect((await decodePng(stroke(255))).data).toEqual(Uint8Array.of(0, 0));
  });
});

test('pngSize reads the header alone', async () => {
  const bytes = Buffer.concat([
    signature,
    header({ width: 14, height: 56, depth: 8, colours: 0, isInterlaced: false }),
  ]);
  expect(pngSize(bytes)).toEqual({ width: 14, height: 56 });
  expect(() => pngSize(bytes, { maxPixels: 783 })).toThrow('1 to 783 pixels');
  expect(() => pngSize(bytes.subarray(0, 30))).toThrow(DataFormatError);
});
