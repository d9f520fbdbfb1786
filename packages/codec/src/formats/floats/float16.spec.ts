import { crc32 } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import bfloat16Fixtures from './bfloat16.fixtures.json' with { type: 'json' };
import { bfloat16ToNumber, decodeBfloat16, encodeBfloat16, numberToBfloat16 } from './bfloat16.ts';
import float16Fixtures from './float16.fixtures.json' with { type: 'json' };
import { decodeFloat16, encodeFloat16, float16ToNumber, numberToFloat16 } from './float16.ts';

const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

describe.each([
  {
    name: 'float16',
    encode: encodeFloat16,
    decode: decodeFloat16,
    fromNumber: numberToFloat16,
    toNumber: float16ToNumber,
    fixtures: float16Fixtures,
  },
  {
    name: 'bfloat16',
    encode: encodeBfloat16,
    decode: decodeBfloat16,
    fromNumber: numberToBfloat16,
    toNumber: bfloat16ToNumber,
    fixtures: bfloat16Fixtures,
  },
])('$name', ({ encode, decode, fromNumber, toNumber, fixtures }) => {
  test('all 65 536 patterns survive the way to f32 and back, NaN payloads included', () => {
    expect(encode(decode(allPatterns))).toEqual(allPatterns);
  });

  test('the upcast is the one of numpy or torch', () => {
    const values = decode(allPatterns).map((x) => (Number.isNaN(x) ? 0 : x));
    expect(crc32(new Uint8Array(values.buffer))).toBe(fixtures.upcastCrc32);
  });

  test('f32 values round as in numpy or torch', () => {
    const values = new Float32Array(Uint32Array.from(fixtures.float32Bits).buffer);
    expect(Array.from(encode(values))).toEqual(fixtures.fromFloat32);
    expect(Array.from(values, (x) => fromNumber(x))).toEqual(fixtures.fromFloat32);
  });

  test('f64 values round once, not by way of f32', () => {
    const bits = BigUint64Array.from(fixtures.float64Hex, (hex) => BigInt(`0x${hex}`));
    const values = new Float64Array(bits.buffer);
    expect(Array.from(encode(values))).toEqual(fixtures.fromFloat64);
    const twice = Array.from(encode(Float32Array.from(values)));
    expect(twice, 'the fixtures hold no double rounding').not.toEqual(fixtures.fromFloat64);
  });

  test('a NaN stays a NaN even when its payload is beyond the shorter format', () => {
    const nans = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001, 0x7fc00000).buffer);
    expect(Array.from(decode(encode(nans)), Number.isNaN)).toEqual([true, true, true]);
    expect(toNumber(fromNumber(Number.NaN))).toBeNaN();
  });

  test('views with an offset are read at their offset', () => {
    const values = new Float32Array([9, 1, 2]).subarray(1);
    expect(Array.from(decode(encode(values)))).toEqual([1, 2]);
  });
});
