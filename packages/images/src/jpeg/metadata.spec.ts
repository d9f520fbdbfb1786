import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJpeg, jpegMetadata, PictureError, toRgb, upright, withMetadata } from '../index.ts';
import fixtures from './metadata.fixtures.json' with { type: 'json' };

const cases = fixtures.cases.map((each) => ({
  ...each,
  bytes: Uint8Array.from(Buffer.from(each.jpeg, 'base64')),
}));

describe.each(cases)('orientation $orientation', ({ orientation, bytes, width, height, corners }) => {
  test('pixels are turned as Pillow turns them', () => {
    const { orientation: found, segments } = jpegMetadata(bytes);
    expect([found, segments.length]).toEqual([orientation, 2]);
    const picture = upright(toRgb(decodeJpeg(bytes)), found);
    expect([picture.width, picture.height]).toEqual([width, height]);
    const places = [0, width - 1, (height - 1) * width];
    for (const [k, place] of places.entries())
      for (let c = 0; c < 3; c++)
        expect(Math.abs((picture.data[3 * place + c] as number) - (corners[k]?.[c] as number))).toBeLessThan(
          3,
        );
  });

  test('its metadata move to another file, which is upright', () => {
    const { segments } = jpegMetadata(bytes);
    const plain = cases[0]?.bytes as Uint8Array;
    const moved = jpegMetadata(withMetadata(withoutMetadata(plain), segments));
    expect(moved.orientation).toBe(1);
    expect(moved.segments).toEqual(segments);
    expect(moved.segments[1]?.length).toBe(fixtures.profileBytes + 18);
    expect(toRgb(decodeJpeg(withMetadata(withoutMetadata(plain), segments)))).toEqual(
      toRgb(decodeJpeg(plain)),
    );
  });
});

/** A JPEG without the segments that `jpegMetadata` finds. */
function withoutMetadata(bytes: Uint8Array): Uint8Array {
  const { segments } = jpegMetadata(bytes);
  const length = segments.reduce((sum, each) => sum + each.length, 0);
  // Pillow writes them one behind the other, behind the start.
  const out = new Uint8Array(bytes.length - length);
  const at = Buffer.from(bytes).indexOf(Buffer.from(segments[0]?.subarray(0, 10) as Uint8Array));
  out.set(bytes.subarray(0, at));
  out.set(bytes.subarray(at + length), at);
  return out;
}

test('damaged EXIF is none; no bytes of it are read beyond their end', () => {
  const bytes = cases[5]?.bytes as Uint8Array;
  const edit = fc.tuple(fc.integer({ min: 20, max: 90 }), fc.nat(255));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const changed = bytes.slice();
      for (const [at, value] of edits) changed[at] = value;
      try {
        expect(jpegMetadata(changed).orientation).toBeLessThan(9);
      } catch (error) {
        if (!(error instanceof PictureError)) throw error;
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
  expect(() => jpegMetadata(Uint8Array.of(1, 2))).toThrow(PictureError);
  expect(() => upright({ width: 1, height: 1, data: new Uint8Array(3) }, 9)).toThrow('from 1 to 8');
  expect(() => withMetadata(bytes, [3] as never)).toThrow('segments');
});
