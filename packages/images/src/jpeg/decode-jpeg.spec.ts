import { readFileSync } from 'node:fs';
import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJpeg, PictureError, toPlanes, toRgb } from '../index.ts';

interface Fixture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly jpeg: string;
  readonly pixels: string;
}
const fixtures = JSON.parse(
  readFileSync(new URL('./decode-jpeg.fixtures.json', import.meta.url), 'utf8'),
) as Fixture[];
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const named = (name: string): Uint8Array =>
  bytesOf((fixtures.find((each) => each.name === name) as Fixture).jpeg);

describe('pictures are those of djpeg with transforms in floating point', () => {
  test.each(fixtures)('$name', ({ width, height, jpeg, pixels }) => {
    const found = toRgb(decodeJpeg(bytesOf(jpeg)));
    expect([found.width, found.height]).toEqual([width, height]);
    const wanted = bytesOf(pixels);
    let [most, sum] = [0, 0];
    for (const [k, x] of found.data.entries()) {
      const distance = Math.abs(x - (wanted[k] as number));
      most = Math.max(most, distance);
      sum += distance;
    }
    // It rounds luma and chroma before it mixes them.
    expect(most).toBeLessThanOrEqual(3);
    expect(sum / found.data.length).toBeLessThan(0.6);
  });
});

test('planes are whole blocks, tables are row-major, sampling is told', () => {
  const { stride, rows, planes, sampling, tables } = decodeJpeg(named('baseline 4:2:0'));
  expect([stride, rows, sampling, planes.length]).toEqual([48, 32, [2, 2], 3]);
  for (const plane of planes) {
    expect(plane.length).toBe(48 * 32);
    for (const x of plane) expect(x >= 0 && x <= 255).toBe(true);
  }
  // Quality 80 takes 40 % of table K.1, row by row 16 11 10 16 24 40 51 61, 12 12 …
  expect([...(tables[0]?.subarray(0, 10) ?? [])]).toEqual([6, 4, 4, 6, 10, 16, 20, 24, 5, 5]);
});

test('colours go to planes and back', () => {
  const draw = random(1);
  const data = Uint8Array.from({ length: 300 }, () => draw.integer(256));
  const planes = toPlanes({ width: 10, height: 10, data });
  const back = toRgb({ width: 10, height: 10, stride: 10, rows: 10, planes, tables: [], sampling: [1, 1] });
  expect(back.data).toEqual(data);
});

describe('hostile bytes', () => {
  const read = (bytes: Uint8Array): void => {
    try {
      const { planes, stride, rows } = decodeJpeg(bytes, { maxPixels: 2 ** 16 });
      for (const plane of planes) expect(plane.length).toBe(stride * rows);
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
    }
  };

  test('cut off anywhere are refused', () => {
    for (const name of ['baseline 4:2:0, one block', 'progressive grey']) {
      const bytes = named(name);
      for (let length = 0; length < bytes.length; length++)
        expect(() => decodeJpeg(bytes.slice(0, length))).toThrow(PictureError);
    }
  });

  test('changed anywhere give a picture of bounded size, or an error', () => {
    const samples = fixtures.map(({ jpeg }) => bytesOf(jpeg));
    const changes = fc.array(fc.tuple(fc.double({ min: 0, max: 0.9999, noNaN: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.constantFrom(...samples), changes, (sample, edits) => {
        const bytes = sample.slice();
        for (const [at, value] of edits) bytes[Math.floor(at * bytes.length)] = value;
        read(bytes);
      }),
      { seed: 1, numRuns: 1200 },
    );
  });

  test.each<[string, (bytes: Uint8Array) => void, string]>([
    ['no start', (bytes) => bytes.fill(0, 0, 2), 'a JPEG'],
    ['12 bits', (bytes) => bytes.set([12], frameAt(bytes) + 4), '8 bits'],
    ['no width', (bytes) => bytes.set([0, 0], frameAt(bytes) + 7), 'a size'],
    [
      'more pixels than bytes can tell',
      (bytes) => bytes.set([255, 255, 255, 255], frameAt(bytes) + 5),
      'at most',
    ],
    ['four components', (bytes) => bytes.set([4], frameAt(bytes) + 9), '1 or 3'],
    ['chroma at a quarter', (bytes) => bytes.set([0x41], frameAt(bytes) + 11), 'half resolution'],
    ['arithmetic coding', (bytes) => bytes.set([0xc9], frameAt(bytes) + 1), '0xc9'],
  ])('%s is refused', (_, change, message) => {
    const bytes = named('baseline 4:2:0');
    change(bytes);
    expect(() => decodeJpeg(bytes)).toThrow(PictureError);
    expect(() => decodeJpeg(bytes)).toThrow(message);
  });

  test('what is no bytes is refused by an error of arguments', () => {
    expect(() => decodeJpeg('x' as never)).toThrow(ArgumentError);
    expect(() => decodeJpeg(named('grey'), { maxPixel: 3 } as never)).toThrow('maxPixels');
    expect(() => decodeJpeg(named('grey'), { maxPixels: 100 })).toThrow('at most 100 pixels');
  });
});

const frameAt = (bytes: Uint8Array): number => bytes.findIndex((x, k) => x === 0xff && bytes[k + 1] === 0xc0);
