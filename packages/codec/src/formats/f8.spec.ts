import { ArgumentError, crc32 } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberToE4M3 } from './encoders/f8.ts';
import { e4m3ToNumber } from './f8.ts';
import { storageFormats } from './storage-formats.ts';

const { f8 } = storageFormats;

// Golden values: float8_e4m3fn of ml_dtypes 0.6.0, the NumPy types of JAX and TensorFlow, with numpy 2.4.
//   values = np.arange(256, dtype=np.uint8).view(e4m3).astype(np.float32)            NaN as 0, CRC-32 of the bytes
//   middles = (values[1:127] + values[:126]) / 2, then their f32 neighbours towards 0, then away from it
//   grid = np.arange(956301312, 1139277825, 4099, dtype=np.uint32).view(np.float32)  from 2^-13 to 464
//   codes = ….astype(e4m3).view(np.uint8)
const valuesCrc32 = 3167394292;
const middlesCrc32 = 1411209255;
const gridCrc32 = { positive: 3179945106, negative: 3236230524 };

const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
const numbers = codes.filter((code) => (code & 0x7f) !== 0x7f);
const codesOf = (values: readonly number[]): Uint8Array => Uint8Array.from(values, numberToE4M3);
const refuse = (expected: string): never => {
  throw new Error(expected);
};

describe('E4M3', () => {
  test('the values of all codes', () => {
    const values = Float32Array.from(codes, (code) => e4m3ToNumber(code) || (code === 0x80 ? -0 : 0));
    expect(crc32(new Uint8Array(values.buffer))).toBe(valuesCrc32);
    expect([e4m3ToNumber(0x7f), e4m3ToNumber(0xff)]).toEqual([Number.NaN, Number.NaN]);
    expect(e4m3ToNumber(0x7e)).toBe(448);
  });

  test('every code is the nearest to its value', () => {
    expect(codesOf(Array.from(numbers, e4m3ToNumber))).toEqual(numbers);
  });

  test('middles go to the even code, their neighbours to the nearer one', () => {
    const middles = Float32Array.from({ length: 126 }, (_, k) => (e4m3ToNumber(k) + e4m3ToNumber(k + 1)) / 2);
    const patterns = Array.from(new Uint32Array(middles.buffer));
    const moved = (by: number) => new Float32Array(Uint32Array.from(patterns, (bits) => bits + by).buffer);
    expect(crc32(codesOf([...middles, ...moved(-1), ...moved(1)]))).toBe(middlesCrc32);
  });

  test('f32 numbers of all sizes', () => {
    const patterns = Uint32Array.from({ length: 44640 }, (_, k) => 956301312 + 4099 * k);
    const grid = Array.from(new Float32Array(patterns.buffer));
    expect(crc32(codesOf(grid))).toBe(gridCrc32.positive);
    expect(crc32(codesOf(grid.map((x) => -x)))).toBe(gridCrc32.negative);
    expect([0, -0, 1, -1, 0.1, -0.3, 1000 / 3, 463.99, 464, 0.02, 17].map(numberToE4M3)).toEqual([
      0, 128, 56, 184, 29, 170, 122, 126, 126, 10, 88,
    ]);
  });

  test('f64 numbers are rounded once: next to a middle, to the nearer code', () => {
    for (let code = 0; code < 126; code++) {
      const middle = (e4m3ToNumber(code) + e4m3ToNumber(code + 1)) / 2;
      expect(numberToE4M3(middle * (1 - 2 ** -52))).toBe(code);
      expect(numberToE4M3(middle * (1 + 2 ** -52))).toBe(code + 1);
    }
  });
});

describe('the power of two of a tensor', () => {
  const largest = fc.double({ min: 1e-44, max: 3.2e38, noNaN: true });

  test('brings the largest value to the top of the range, unless it would leave f32', () => {
    fc.assert(
      fc.property(largest, (x) => {
        const { stored, said } = f8.encode(Float64Array.of(x, -x / 3), [2]);
        const most = e4m3ToNumber(stored.data[0] as number);
        if (said.exponent > -140) expect(most).toBeGreaterThanOrEqual(240);
        expect(most).toBeLessThanOrEqual(448);
      }),
      { seed: 20220913, numRuns: 1000 },
    );
  });

  test('of 464 and the number above it', () => {
    expect(f8.encode(Float64Array.of(464), [1]).said).toEqual({ exponent: 0 });
    expect(f8.encode(Float64Array.of(464.0000001), [1]).said).toEqual({ exponent: 1 });
    expect(f8.encode(new Float32Array(3), [3]).said).toEqual({ exponent: 0 });
  });
});

test('what f32 cannot hold is refused: infinities, NaN, what rounds to 2^128', () => {
  for (const x of [Number.NaN, Infinity, -Infinity, 1.9375 * 2 ** 127, 1e39])
    expect(() => f8.encode(Float64Array.of(0, x), [2])).toThrow(ArgumentError);
  const { stored, said } = f8.encode(Float64Array.of(1.93 * 2 ** 127), [1]);
  expect(f8.decode({ stored, said }, [1], refuse)[0]).toBe(1.875 * 2 ** 127);
});

test('codes of NaN, and ones beyond f32, are refused', () => {
  const decode = (code: number, exponent: number) => {
    const stored = { dtype: 'U8', shape: [1], data: Uint8Array.of(code) } as const;
    return f8.decode({ stored, said: { exponent } }, [1], refuse);
  };
  expect(() => decode(0xff, 0)).toThrow('finite');
  expect(() => decode(0x78, 120)).toThrow('finite');
  expect(decode(0x77, 120)).toEqual(Float32Array.of(240 * 2 ** 120));
  expect(decode(1, -140)).toEqual(Float32Array.of(2 ** -149));
});
