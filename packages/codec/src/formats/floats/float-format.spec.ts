import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { storageFormats } from '../storage-formats.ts';
import type { RealArray, TensorCodec } from '../tensor-codec.ts';

const { bf16, f16, f32 } = storageFormats;

const refuse = (expected: string): never => {
  throw new Error(expected);
};
const readBack = (codec: TensorCodec, data: RealArray): Float32Array =>
  codec.decode(codec.encode(data, [data.length]), [data.length], refuse);

test('f32 stored as f32 is the same array', () => {
  const data = Float32Array.of(1, 2);
  expect(f32.encode(data, [2]).stored.data).toBe(data);
});

test.each([
  [f32, 'F32', 2 ** -24],
  [f16, 'F16', 2 ** -11],
  [bf16, 'BF16', 2 ** -8],
] as const)('$0.id keeps values within half a unit in the last place', (codec, dtype, bound) => {
  const data = Float64Array.from({ length: 200 }, (_, i) => Math.exp(i / 25 - 4) * (i % 2 ? -1 : 1));
  expect(codec.encode(data, [200]).stored.dtype).toBe(dtype);
  const values = readBack(codec, data);
  data.forEach((x, i) => {
    expect(Math.abs((values[i] as number) - x)).toBeLessThanOrEqual(bound * Math.abs(x));
  });
});

test('infinities and NaNs are kept, a finite value is never made infinite', () => {
  const data = Float32Array.of(Infinity, -Infinity, Number.NaN, 65504);
  expect(Array.from(readBack(f16, data))).toEqual(Array.from(data));
  expect(() => f16.encode(Float32Array.of(0, 65520), [2])).toThrow(ArgumentError);
  expect(() => f32.encode(Float64Array.of(1e39), [1])).toThrow('1e+39 at index 0');
  expect(() => bf16.encode(Float64Array.of(3.4e38), [1])).toThrow(ArgumentError);
});
