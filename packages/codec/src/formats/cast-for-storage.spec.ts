import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { castForStorage } from './cast-for-storage.ts';
import { upcast } from './upcast.ts';

test('f32 stored as f32 is the same array', () => {
  const data = Float32Array.of(1, 2);
  expect(castForStorage(data, 'f32').data).toBe(data);
});

test.each([
  ['f32', 'F32', 2 ** -24],
  ['f16', 'F16', 2 ** -11],
  ['bf16', 'BF16', 2 ** -8],
] as const)('%s keeps values within half a unit in the last place', (storeAs, dtype, bound) => {
  const data = Float64Array.from({ length: 200 }, (_, i) => Math.exp(i / 25 - 4) * (i % 2 ? -1 : 1));
  const stored = castForStorage(data, storeAs);
  expect(stored.dtype).toBe(dtype);
  const values = upcast(stored);
  data.forEach((x, i) => {
    expect(Math.abs((values[i] as number) - x)).toBeLessThanOrEqual(bound * Math.abs(x));
  });
});

test('infinities and NaNs are kept, a finite value is never made infinite', () => {
  const data = Float32Array.of(Infinity, -Infinity, Number.NaN, 65504);
  expect(Array.from(upcast(castForStorage(data, 'f16')))).toEqual(Array.from(data));
  expect(() => castForStorage(Float32Array.of(0, 65520), 'f16')).toThrow(ArgumentError);
  expect(() => castForStorage(Float64Array.of(1e39), 'f32')).toThrow('1e+39 at index 0');
  expect(() => castForStorage(Float64Array.of(3.4e38), 'bf16')).toThrow(ArgumentError);
});

test('another format is refused', () => {
  expect(() => castForStorage(Float32Array.of(1), 'int8' as 'f16')).toThrow("'bf16'");
});
