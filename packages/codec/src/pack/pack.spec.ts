import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredTensor } from '../container/safetensors.ts';
import { pack } from '../pack.ts';
import { readPack, UnpackError, unpack, unpackTensors } from '../unpack.ts';

const draw = random(5);
const normal = (length: number): Float32Array => Float32Array.from({ length }, () => 0.1 * draw.normal());
const f32 = (shape: readonly number[], data: Float32Array): StoredTensor => ({ dtype: 'F32', shape, data });

const decibels = (values: Float32Array, found: ArrayLike<number>): number => {
  const noise = values.reduce((sum, x, i) => sum + (x - (found[i] as number)) ** 2, 0);
  return 10 * Math.log10(values.reduce((sum, x) => sum + x * x, 0) / noise);
};

const small = pack({
  'layers.0.weight': f32([12, 10], normal(120)),
  'layers.0.bias': f32([12], normal(12)),
  none: f32([0, 3], new Float32Array(0)),
  steps: { dtype: 'I32', shape: [2], data: Int32Array.of(7, -7) },
});

describe('tensors in a pack', () => {
  test('come back at the quality that was asked for, in few bytes', () => {
    const values = normal(20_000);
    const bias = normal(200);
    for (const quality of [12, 18, 25]) {
      const bytes = pack({ w: f32([100, 200], values), b: f32([200], bias) }, { quality });
      const tensors = unpack(bytes);
      expect(decibels(values, tensors.get('w')?.data as Float32Array)).toBeCloseTo(quality, 0);
      expect(decibels(bias, tensors.get('b')?.data as Float32Array)).toBeGreaterThan(quality + 38);
      // 1 dB better than one grid: 6.02 dB a bit, 0.25 and 0.1 bit above the bound.
      expect((8 * bytes.length - 200 * 14) / 20_000).toBeLessThan(quality / 6.02 + 0.3);
    }
  });

  test('share noise by their numbers of values, so that few bits are taken at the same mean; or evenly', () => {
    const [large, small] = [normal(20_000), normal(2000)];
    const tensors = { large: f32([100, 200], large), small: f32([20, 100], small) };
    const packed = (options: { even?: boolean }) => {
      const bytes = pack(tensors, { quality: 18, ...options });
      const read = unpack(bytes);
      const noises = [large, small].map(
        (values, k) =>
          10 ** (-decibels(values, read.get(k === 0 ? 'large' : 'small')?.data as Float32Array) / 10),
      );
      return { length: bytes.length, noises: noises as [number, number] };
    };
    const [shared, even] = [packed({}), packed({ even: true })];
    expect(shared.noises[0] / shared.noises[1]).toBeCloseTo(10, -0.3);
    expect(even.noises[0] / even.noises[1]).toBeCloseTo(1, 0.8);
    for (const { noises } of [shared, even])
      expect(10 * Math.log10((noises[0] + noises[1]) / 2)).toBeCloseTo(-18, 0);
    expect(shared.length).toBeLessThan(0.95 * even.length);
  });

  test('are decoded one by one, after names and shapes of all are known', () => {
    const [first, , none, steps] = readPack(small);
    expect(first).toMatchObject({ name: 'layers.0.weight', shape: [12, 10], dtype: 'F32', isCoded: true });
    expect(none).toMatchObject({ shape: [0, 3], isCoded: true });
    expect(steps).toMatchObject({ dtype: 'I32', isCoded: false });
    expect(first?.read()).toEqual(unpack(small).get('layers.0.weight')?.data);
  });

  test('that are no reals, or not finite, come back byte for byte', () => {
    const data = Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY);
    const large = { dtype: 'F32', shape: [2, 2], data: Float32Array.of(0, 1, 3e38, -1) } as const;
    expect(unpack(pack({ large })).get('large')?.data).toEqual(new Uint8Array(large.data.buffer));
    const tensors = unpack(
      pack({
        a: f32([3], data),
        b: { dtype: 'I32', shape: [2], data: Int32Array.of(1, -1) },
        c: { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0) },
      }),
    );
    expect(tensors.get('a')).toEqual({
      name: 'a',
      shape: [3],
      dtype: 'F32',
      data: new Uint8Array(data.buffer),
    });
    expect(Array.from(tensors.get('b')?.data ?? [])).toEqual([1, 0, 0, 0, 255, 255, 255, 255]);
    expect(tensors.get('c')?.dtype).toBe('F16');
    expect(tensors.get('c')?.data[0]).toBeCloseTo(1, 1);
  });

  test('of any values are read or were refused, each with its name, shape and as many values', () => {
    const tensor = fc.array(fc.nat(5), { maxLength: 3 }).chain((shape) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return fc.float32Array({ minLength: length, maxLength: length }).map((data) => f32(shape, data));
    });
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.dictionary(name, tensor, { maxKeys: 4 }), (tensors) => {
        const found = unpack(pack(tensors));
        expect([...found.keys()]).toEqual(Object.keys(tensors));
        for (const [key, { shape, data }] of Object.entries(tensors)) {
          const read = found.get(key);
          expect(read?.shape).toEqual(shape);
          const bytes = read?.data instanceof Float32Array ? read.data.length * 4 : read?.data.length;
          expect(bytes).toBe(data.byteLength);
        }
      }),
      { seed: 4, numRuns: 60 },
    );
  });
});

describe('packs that are refused', () => {
  const refused = (bytes: Uint8Array): void => {
    try {
      for (const { shape, data } of unpackTensors(bytes)) if (data.length > 1e6) throw new Error(`${shape}`);
    } catch (error) {
      if (!(error instanceof UnpackError)) throw error;
      return;
    }
    throw new Error('was read');
  };

  test('cut off anywhere, or with another byte anywhere', () => {
    for (let length = 0; length < small.length; length++) refused(small.slice(0, length));
    for (let at = 0; at < small.length; at++) {
      const bytes = small.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      refused(bytes);
    }
  });

  test('damaged under a right checksum: an error, or tensors within bounds', () => {
    const damage = fc.array(fc.tuple(fc.integer({ min: 4, max: small.length - 5 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = small.slice();
        for (const [at, value] of changes) bytes[at] = value;
        const sum = crcOf(bytes.subarray(0, bytes.length - 4));
        new DataView(bytes.buffer).setUint32(bytes.length - 4, sum, true);
        try {
          for (const { data } of unpackTensors(bytes))
            expect(data.length).toBeLessThanOrEqual(1000 * bytes.length);
        } catch (error) {
          if (!(error instanceof UnpackError)) throw error;
        }
      }),
      { seed: 5, numRuns: 3000 },
    );
  });

  test('with more values than are allowed', () => {
    expect(() => unpack(small, { maxValues: 100 })).toThrow('at most 100 values');
  });
});

test.each<[string, () => unknown, string]>([
  ['unknown options', () => pack({}, { qualty: 3 } as never), 'quality'],
  ['names without a letter', () => pack({ '': f32([0], new Float32Array(0)) }), 'names'],
  ['more extents than there may be', () => pack({ a: f32(new Array(17).fill(1), Float32Array.of(1)) }), '16'],
])('%s are refused', (_, act, message) => {
  expect(act).toThrow(ArgumentError);
  expect(act).toThrow(message);
});

function crcOf(bytes: Uint8Array): number {
  let rest = ~0;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return ~rest >>> 0;
}
