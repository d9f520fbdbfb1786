import { ArgumentError, crc32, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodewordReader } from '../coder/codeword-reader.ts';
import { stepOf } from '../coder/quantize/step.ts';
import type { ModelTensor } from '../container/model-file.ts';
import { applyUpdate, BitstreamError, encodeUpdate, inspectUpdate, type UpdateOptions } from '../update.ts';

const f32 = (shape: readonly number[], data: ArrayLike<number>): ModelTensor => ({
  shape,
  data: Float32Array.from(data),
});
const draw = random(7);
const normal = (length: number): number[] => Array.from({ length }, () => 0.1 * draw.normal());

const base = {
  'layers.0.weight': f32([12, 10], normal(120)),
  'layers.0.bias': f32([12], normal(12)),
  mask: { shape: [2], data: Int32Array.of(3, 4) },
  none: f32([0], []),
};
const tunedBy = (share: number, size: number): Record<string, ModelTensor> =>
  Object.fromEntries(
    Object.entries(base).map(([name, { shape, data }]) => [
      name,
      data instanceof Float32Array
        ? f32(
            shape,
            data.map((x) => x + (draw.uniform() < share ? size * draw.normal() : 0)),
          )
        : { shape, data },
    ]),
  );
const small = encodeUpdate(base, tunedBy(0.2, 0.1));

/** Bytes with their checksum set right. */
function stamped(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  if (end > 0) new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)) >>> 0, true);
  return bytes;
}

const anyOptions: fc.Arbitrary<UpdateOptions> = fc.record(
  {
    step: fc.double({ min: 1e-3, max: 2, noNaN: true }),
    absolute: fc.boolean(),
    lambda: fc.constantFrom(0, 0.5, 1, 4),
    dependent: fc.boolean(),
  },
  { requiredKeys: [] },
);

const anyTensor = fc.array(fc.nat(5), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1);
  const values = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
    minLength: length,
    maxLength: length,
  });
  return fc.tuple(values, values, fc.boolean(), fc.boolean()).map(([was, is, isWide, isSame]) => {
    const data = (from: number[]) => (isWide ? Float64Array.from(from) : Float32Array.from(from));
    return [
      { shape, data: data(was) },
      { shape, data: data(isSame ? was : is) },
    ] as const;
  });
});
const anyPair = fc.dictionary(fc.string({ unit: 'grapheme' }), anyTensor, { maxKeys: 4 });

describe('updates of any tensors', () => {
  test('give back names, shapes and types; rounded to the nearest, values within half a step', () => {
    fc.assert(
      fc.property(anyPair, anyOptions, (pair, options) => {
        const [was, is] = [0, 1].map((k) =>
          Object.fromEntries(Object.entries(pair).map(([name, both]) => [name, both[k] as ModelTensor])),
        ) as [Record<string, ModelTensor>, Record<string, ModelTensor>];
        const bytes = encodeUpdate(was, is, { ...options, absolute: true });
        const { step, absolute } = inspectUpdate(bytes);
        expect(absolute).toBe(true);
        expect(Math.abs(Math.log2(step / (options.step ?? 1 / 8)))).toBeLessThan(0.2);
        const found = applyUpdate(was, bytes);
        expect([...found.keys()].sort()).toEqual(Object.keys(is).sort());
        for (const [name, { shape, data }] of Object.entries(is)) {
          const back = found.get(name) as ModelTensor;
          expect(back.shape).toEqual(shape);
          expect(back.data.constructor).toBe(data.constructor);
          if (options.lambda === 0 && !options.dependent)
            for (const [i, x] of data.entries())
              expect(Math.abs((back.data[i] as number) - x)).toBeLessThan(0.5 * step + 1e-5);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('are the same bytes for tensors in any order, in a Map or a record', () => {
    const tuned = tunedBy(0.3, 0.1);
    const turned = new Map(Object.entries(base).reverse());
    expect(encodeUpdate(turned, new Map(Object.entries(tuned)))).toEqual(encodeUpdate(base, tuned));
  });

  test('applied to what they were made of, and made again, say nothing more', () => {
    for (const dependent of [false, true])
      for (const step of [1 / 8, 1 / 2]) {
        const options = { step, dependent, lambda: 0, absolute: true };
        const once = applyUpdate(base, encodeUpdate(base, tunedBy(0.5, 0.1), options));
        const again = applyUpdate(base, encodeUpdate(base, once, options));
        if (dependent) continue;
        for (const [name, { data }] of once) expect(again.get(name)?.data).toEqual(data);
      }
  });
});

describe('the size', () => {
  test('of no difference is 15 bytes, and its arrays are those of the base', () => {
    const bytes = encodeUpdate(base, base);
    expect(bytes.length).toBe(15);
    for (const [name, { data }] of applyUpdate(base, bytes))
      expect(data).toBe(base[name as keyof typeof base].data);
  });

  test('of a few values among many is a few bytes each', () => {
    const many = { w: f32([60_000], normal(60_000)) };
    const tuned = { w: f32([60_000], many.w.data) };
    for (let k = 0; k < 20; k++) tuned.w.data[k * 2999] = (tuned.w.data[k * 2999] as number) + 0.2;
    const bytes = encodeUpdate(many, tuned, { step: 1 / 2 });
    expect(bytes.length).toBeLessThan(135);
    const found = applyUpdate(many, bytes).get('w')?.data as Float32Array;
    expect(found.filter((x, i) => x !== many.w.data[i]).length).toBe(20);
  });

  test('falls with the weight of the rate and with the step', () => {
    const tuned = tunedBy(0.5, 0.1);
    const sizes = [0, 1, 4, 16].map((lambda) => encodeUpdate(base, tuned, { lambda }).length);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const steps = [1 / 16, 1 / 4, 1].map((step) => encodeUpdate(base, tuned, { step }).length);
    expect(steps).toEqual([...steps].sort((a, b) => b - a));
  });
});

test('bytes are those of docs/format.md', () => {
  const was = { a: f32([2], [0.5, -0.5]), b: f32([1], [0]), c: f32([1], [2]) };
  const is = { a: f32([2], [0.75, -0.5]), b: f32([1], [-0.25]), c: f32([1], [2]) };
  const bytes = encodeUpdate(was, is, { step: 1 / 4, absolute: true, lambda: 0 });
  expect([...bytes.subarray(0, 4)]).toEqual([0x46, 0x48, 0x55, 1]);
  const reader = new CodewordReader(bytes.subarray(8, -4));
  const flags = [reader.bits(1), reader.bits(1), reader.bits(1)];
  expect(flags).toEqual([0, 1, 1]);
  expect(stepOf(reader.bits(9) - 256)).toBe(0.25);
  expect([reader.bits(1), reader.bits(1), reader.bits(1)]).toEqual([1, 1, 0]);
  expect([...reader.levels(3, { greaterFlags: 11 })]).toEqual([1, 0, -1]);
  expect(reader.finish()).toBe(bytes.length - 12);
  // Units: the root mean square of a tensor, but a sixteenth of that of all at least.
  const relative = encodeUpdate(was, is, { step: 1 / 4, lambda: 0 });
  const all = Math.sqrt((0.25 + 0.25 + 4) / 4);
  const found = applyUpdate(was, relative);
  expect(found.get('a')?.data[0]).toBeCloseTo(0.75, 6);
  const step = Math.fround(0.25 * Math.fround(all / 16));
  expect(found.get('b')?.data[0]).toBe(Math.fround(step * Math.round(-0.25 / step)));
});

describe('updates that are refused', () => {
  test('of another base: any value, name, shape or type', () => {
    const others: Record<string, ModelTensor>[] = [
      {
        ...base,
        'layers.0.bias': f32([12], [...base['layers.0.bias'].data].with(3, 1)),
      },
      { ...base, 'layers.0.weight': { ...base['layers.0.weight'], shape: [10, 12] } },
      { ...base, mask: { shape: [2], data: Int32Array.of(3, 5) } },
      { ...base, 'layers.1.bias': f32([1], [0]) },
      { ...base, none: { shape: [0], data: new Float64Array(0) } },
    ];
    for (const other of others) {
      expect(() => applyUpdate(other, small)).toThrow(BitstreamError);
      expect(() => applyUpdate(other, small)).toThrow('the base with fingerprint');
    }
  });

  test('cut off anywhere, or with another byte anywhere', () => {
    for (let length = 0; length < small.length; length++)
      expect(() => applyUpdate(base, small.slice(0, length))).toThrow(BitstreamError);
    for (let at = 0; at < small.length; at++) {
      const bytes = small.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      expect(() => applyUpdate(base, bytes)).toThrow(BitstreamError);
    }
  });

  test('damaged under a right checksum: an error, or tensors of the base’s shapes', () => {
    const change = fc.tuple(fc.integer({ min: 8, max: small.length - 5 }), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(3), (changes, cut) => {
        const bytes = small.slice(0, small.length - cut);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          for (const [name, { data }] of applyUpdate(base, stamped(bytes)))
            expect(data.length).toBe(base[name as keyof typeof base].data.length);
        } catch (error) {
          if (!(error instanceof BitstreamError)) throw error;
        }
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  test.each<[string, () => unknown, string]>([
    ['tensors of other names', () => encodeUpdate({ a: f32([1], [0]) }, { b: f32([1], [0]) }), 'tensor "a"'],
    ['fewer tensors', () => encodeUpdate(base, {}), 'none'],
    ['another shape', () => encodeUpdate({ a: f32([2], [0, 0]) }, { a: f32([1, 2], [0, 0]) }), 'F32 [2]'],
    [
      'other whole numbers',
      () => encodeUpdate(base, { ...base, mask: { shape: [2], data: Int32Array.of(3, 9) } }),
      'whole numbers of the base',
    ],
    ['values without end', () => encodeUpdate({ a: f32([1], [0]) }, { a: f32([1], [1 / 0]) }), 'finite'],
    ['unknown options', () => encodeUpdate(base, base, { stepp: 1 } as never), 'step'],
    ['what is no record', () => encodeUpdate(undefined as never, base), 'tensors by name'],
    ['what is no tensor', () => encodeUpdate({ a: 3 } as never, base), '{ shape, data }'],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow(message);
  });
});
