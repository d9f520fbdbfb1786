import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataFormatError } from '../errors.ts';
import { encodeIdx, type IdxArray, parseIdx } from './idx.ts';

const arrays: Record<IdxArray['dtype'], fc.Arbitrary<IdxArray['data']>> = {
  u8: fc.uint8Array({ maxLength: 60 }),
  i8: fc.int8Array({ maxLength: 60 }),
  i16: fc.int16Array({ maxLength: 60 }),
  i32: fc.int32Array({ maxLength: 60 }),
  f32: fc.float32Array({ maxLength: 60, noNaN: true }),
  f64: fc.float64Array({ maxLength: 60, noNaN: true }),
};

const anyIdx: fc.Arbitrary<IdxArray> = fc
  .constantFrom(...(Object.keys(arrays) as IdxArray['dtype'][]))
  .chain((dtype) => arrays[dtype].map((data) => ({ dtype, data })))
  .chain(({ dtype, data }) =>
    fc
      .constantFrom([data.length], [1, data.length, 1], [data.length, 1])
      .map((shape) => ({ dtype, shape, data })),
  ) as fc.Arbitrary<IdxArray>;

const caught = (bytes: Uint8Array, options = {}): unknown => {
  try {
    return parseIdx(bytes, options);
  } catch (error) {
    return error;
  }
};

describe('parseIdx', () => {
  test('reads back what encodeIdx writes, also from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(anyIdx, fc.nat(9), (array, lead) => {
        const bytes = encodeIdx(array);
        const buffer = new Uint8Array(lead + bytes.length + 3);
        buffer.set(bytes, lead);
        expect(parseIdx(buffer.subarray(lead, lead + bytes.length))).toEqual(array);
      }),
      { seed: 1 },
    );
  });

  test('knows the byte layout: type code, big-endian sizes, big-endian elements', () => {
    const bytes = Uint8Array.of(0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x02, 0xff, 0xfe);
    expect(parseIdx(bytes)).toEqual({ dtype: 'i16', shape: [1, 2], data: Int16Array.of(258, -2) });
    expect(encodeIdx({ dtype: 'i16', shape: [1, 2], data: Int16Array.of(258, -2) })).toEqual(bytes);
  });

  test('bytes are a view, not a copy', () => {
    const bytes = encodeIdx({ dtype: 'u8', shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) });
    expect(parseIdx(bytes).data.buffer).toBe(bytes.buffer);
  });

  const good = encodeIdx({ dtype: 'u8', shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  const changed = (...changes: [at: number, value: number][]) => {
    const bytes = good.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  };
  test.each([
    ['nothing', new Uint8Array(0), 0],
    ['half a magic', good.slice(0, 3), 3],
    ['a wrong magic', changed([1, 7]), 0],
    ['an unknown type', changed([2, 0x0a]), 2],
    ['no dimensions', changed([3, 0]), 3],
    ['too many dimensions', changed([3, 9]), 3],
    ['a header cut short', good.slice(0, 10), 10],
    ['a truncated file', good.slice(0, 15), 15],
    ['bytes too many', Uint8Array.of(...good, 9), 18],
    ['a type wider than the file', changed([2, 0x0e]), 18],
    ['a product beyond the limit', changed([4, 255], [8, 255]), 4],
  ])('refuses %s and says where', (_, bytes, byteOffset) => {
    const error = caught(bytes, { source: 'digits.idx' });
    expect(error).toBeInstanceOf(DataFormatError);
    expect(error).toMatchObject({ source: 'digits.idx', byteOffset });
    expect((error as Error).message).toContain(`at byte ${byteOffset} of digits.idx`);
  });

  test('keeps to maxElements', () => {
    expect(parseIdx(good, { maxElements: 6 }).shape).toEqual([2, 3]);
    expect(caught(good, { maxElements: 5 })).toBeInstanceOf(DataFormatError);
  });

  test('100 000 damaged files give a whole array within the size of the file, or a typed error', () => {
    const draws = random(20);
    const seeds = [
      good,
      encodeIdx({ dtype: 'i16', shape: [5], data: Int16Array.of(1, 2, 3, 4, 5) }),
      encodeIdx({ dtype: 'f64', shape: [1, 1, 2], data: Float64Array.of(1, 2) }),
    ];
    let whole = 0;
    for (let round = 0; round < 100_000; round++) {
      const seed = seeds[draws.integer(seeds.length)] as Uint8Array;
      const bytes = seed.slice(0, draws.integer(3) ? seed.length : draws.integer(seed.length + 1));
      for (let k = draws.integer(4); k > 0 && bytes.length > 0; k--) {
        // Mostly the header, mostly small values: those reach deep into the parser.
        const at = draws.integer(Math.min(bytes.length, draws.integer(2) ? 8 : bytes.length));
        bytes[at] = draws.integer(draws.integer(2) ? 256 : 16);
      }
      const result = caught(bytes);
      if (result instanceof DataFormatError) continue;
      const { shape, data } = result as IdxArray;
      whole++;
      if (data.byteLength > bytes.length || data.length !== shape.reduce((a, b) => a * b, 1)) {
        throw new Error(`[${bytes}] gave ${data.byteLength} bytes of shape [${shape}]`);
      }
    }
    expect(whole).toBeGreaterThan(10_000);
    expect(whole).toBeLessThan(90_000);
  });
});

test('encodeIdx refuses a shape that does not fit', () => {
  const data = Uint8Array.of(1, 2, 3);
  for (const shape of [[2], [], [1.5, 2], [-3, -1]]) {
    expect(() => encodeIdx({ dtype: 'u8', shape, data })).toThrow(ArgumentError);
  }
});

test('what is no bytes is refused with what to give instead', () => {
  const file = encodeIdx({ dtype: 'u8', shape: [2], data: Uint8Array.of(1, 2) });
  expect(parseIdx(Buffer.from(file)).data).toEqual(Uint8Array.of(1, 2));
  expect(() => parseIdx(file.slice().buffer as never)).toThrow(/got a ArrayBuffer.*new Uint8Array\(buffer\)/);
  expect(() => parseIdx('text' as never)).toThrow(ArgumentError);
});
