import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BitstreamError,
  CodewordReader,
  CodewordWriter,
  decodeCodebook,
  dequantizeLevels,
  encodeCodebook,
  fromCodebook,
  type LevelOptions,
  levelStatistics,
  quantizeDependent,
  quantizeUniform,
  stepOf,
  toCodebook,
} from '../coder.ts';
import { shares } from './engine/tables.ts';

const seed = 15938;
const most = 2 ** 31 - 1;

const level = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -40, max: 40 }),
  fc.integer({ min: -most, max: most }),
  fc.constantFrom(most, -most, most - 1, 2 ** 30, 12, 11, 13),
);

/** Runs of equal levels and single ones. */
const run = fc.tuple(level, fc.oneof(fc.constant(1), fc.nat(60)));

interface Tensor {
  readonly levels: Int32Array;
  readonly options: LevelOptions;
}

function filled(runs: readonly (readonly [number, number])[], length: number): Int32Array {
  const all = runs.flatMap(([value, times]) => new Array<number>(times).fill(value));
  return Int32Array.from({ length }, (_, i) => all[i % Math.max(1, all.length)] ?? 0);
}

const shape: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.array(fc.nat(20), { maxLength: 3 }),
  fc.tuple(fc.nat(70), fc.nat(20)),
  fc.constantFrom([], [0], [0, 4], [4, 0], [1, 1, 1]),
);

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    shape,
    runs: fc.array(run, { maxLength: 20 }),
    greaterFlags: fc.constantFrom(1, 2, 11, 256),
    scan: fc.constantFrom(0, 1, 2, 3, 4),
    dependent: fc.boolean(),
  })
  .map(({ runs, dependent, ...given }) => {
    const levels = filled(
      runs,
      given.shape.reduce((a, b) => a * b, 1),
    );
    const options = { ...given, dependent } as LevelOptions;
    // The trellis admits what its quantiser makes of numbers.
    const step = { shape: given.shape, scan: given.scan, step: 2, lambda: 0 } as const;
    const values = Float64Array.from(levels, (q) => Math.max(-(2 ** 32 - 9), Math.min(2 ** 32 - 9, 2 * q)));
    return { levels: dependent ? quantizeDependent(values, step) : levels, options };
  });

const choices = fc.record({ optimize: fc.boolean(), reference: fc.boolean() });

describe('any levels', () => {
  test('are read as they were written, any number of tensors in one codeword', () => {
    fc.assert(
      fc.property(fc.array(tensor, { maxLength: 3 }), choices, (tensors, options) => {
        const writer = new CodewordWriter();
        for (const one of tensors) writer.levels(one.levels, { ...one.options, ...options });
        const bytes = writer.finish();
        const reader = new CodewordReader(bytes);
        for (const one of tensors) expect(reader.levels(one.levels.length, one.options)).toEqual(one.levels);
        expect(reader.finish()).toBe(bytes.length);
      }),
      { seed, numRuns: 50 },
    );
  });

  test('are not read from fewer bytes', () => {
    fc.assert(
      fc.property(tensor, choices, ({ levels, options }, how) => {
        const writer = new CodewordWriter();
        writer.levels(levels, { ...options, ...how });
        const bytes = writer.finish();
        const step = Math.max(1, bytes.length >> 5);
        for (let length = 0; length < bytes.length; length += step)
          expect(() => {
            const reader = new CodewordReader(bytes.slice(0, length));
            reader.levels(levels.length, options);
            reader.finish();
          }).toThrow(BitstreamError);
      }),
      { seed, numRuns: 60 },
    );
  });

  test('damaged anywhere give a typed error, or levels', () => {
    const flips = fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 5,
    });
    const small = tensor.filter(({ levels, options }) => levels.length < 300 && options.greaterFlags !== 256);
    fc.assert(
      fc.property(
        small,
        fc.array(flips, { minLength: 30, maxLength: 30 }),
        ({ levels, options }, damages) => {
          const writer = new CodewordWriter();
          writer.levels(levels, options);
          const whole = writer.finish();
          for (const damage of damages) {
            const bytes = whole.slice();
            for (const [at, by] of damage)
              bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ by;
            try {
              const reader = new CodewordReader(bytes);
              const found = reader.levels(levels.length, options);
              expect(found.indexOf(-(2 ** 31))).toBe(-1);
              expect(reader.finish()).toBeLessThanOrEqual(bytes.length);
            } catch (error) {
              if (!(error instanceof BitstreamError)) throw error;
            }
          }
        },
      ),
      { seed, numRuns: 100 },
    );
  });
});

test('any bytes at all give a typed error, or levels', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), fc.boolean(), (bytes, count, dependent) => {
      try {
        const reader = new CodewordReader(bytes);
        reader.levels(count, { dependent });
        reader.finish();
      } catch (error) {
        if (!(error instanceof BitstreamError)) throw error;
      }
    }),
    { seed, numRuns: 2000 },
  );
});

test('numbers of any width are read as they were written', () => {
  const number = fc
    .integer({ min: 1, max: 31 })
    .chain((count) => fc.tuple(fc.constant(count), fc.nat(2 ** count - 1)));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 50 }), (numbers) => {
      const writer = new CodewordWriter();
      for (const [count, value] of numbers) writer.bits(count, value);
      const reader = new CodewordReader(writer.finish());
      for (const [count, value] of numbers) expect(reader.bits(count)).toBe(value);
      reader.finish();
    }),
    { seed },
  );
});

test('carries run through many bytes of 255', () => {
  // Bits of 1 at probability ½ hold the codeword just below a carry.
  for (let zeros = 0; zeros < 40; zeros++) {
    const writer = new CodewordWriter();
    for (let k = 0; k < 60; k++) writer.bits(31, 2 ** 31 - 1);
    writer.levels(new Int32Array(zeros).fill(1));
    const bytes = writer.finish();
    const reader = new CodewordReader(bytes);
    for (let k = 0; k < 60; k++) expect(reader.bits(31)).toBe(2 ** 31 - 1);
    expect(reader.levels(zeros)).toEqual(new Int32Array(zeros).fill(1));
    expect(reader.finish()).toBe(bytes.length);
  }
});

// biome-ignore format: as printed
const printed = [
  '128 112 97 84 74 65 57 50 45 39 34 30 27 23 20 18 15 14 12 11 10 9 7 7 5 5 4 4 3 3 2 2',
  '142 125 108 93 82 72 63 56 50 43 38 33 30 26 22 20 17 16 13 12 11 10 8 8 6 6 5 5 3 3 2 2',
  '156 137 119 103 90 79 70 61 55 48 42 37 33 28 24 22 19 17 15 13 12 11 9 9 6 6 5 5 4 4 2 2',
  '171 150 130 112 99 87 76 67 60 52 46 40 36 31 27 24 21 19 16 15 13 12 10 10 7 7 6 6 4 4 3 3',
  '185 162 141 121 107 94 82 73 65 56 50 43 39 34 29 26 22 21 17 16 14 13 11 11 8 8 6 6 4 4 3 3',
  '199 175 152 131 115 101 89 78 70 61 54 47 42 36 31 28 24 22 19 17 15 14 12 12 8 8 7 7 5 5 3 3',
  '213 187 163 140 123 108 95 84 75 65 58 50 45 39 33 30 26 24 20 18 16 15 13 13 9 9 7 7 5 5 3 3',
  '228 200 174 150 132 116 102 90 80 70 62 54 48 42 36 32 28 26 22 20 18 16 14 14 10 10 8 8 6 6 4 4',
];

test('shares of the range are those of the standard', () => {
  for (const [row, line] of printed.entries())
    for (const [column, share] of line.split(' ').map(Number).entries()) {
      expect(shares[row * 64 + column]).toBe(share);
      if (column > 0) expect(shares[row * 64 + 64 - column]).toBe(share);
    }
});

const values = fc
  .tuple(fc.array(fc.integer({ min: -3000, max: 3000 }), { maxLength: 80 }), fc.integer({ min: -20, max: 4 }))
  .map(([numbers, exponent]) => Float32Array.from(numbers, (x) => (x / 1000) * 2 ** exponent));

describe('quantised values', () => {
  const how = fc.record({
    qp: fc.integer({ min: -60, max: 8 }),
    lambda: fc.constantFrom(0, 0.5, 1, 4),
    reference: fc.boolean(),
  });

  test('of a trellis are admitted by it', () => {
    fc.assert(
      fc.property(values, how, (data, { qp, ...options }) => {
        const levels = quantizeDependent(data, { step: stepOf(qp), ...options });
        const writer = new CodewordWriter();
        writer.levels(levels, { dependent: true });
        expect(new CodewordReader(writer.finish()).levels(levels.length, { dependent: true })).toEqual(
          levels,
        );
      }),
      { seed, numRuns: 200 },
    );
  });

  test('are within half a step, two steps for a trellis, where bits count nothing', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -60, max: 8 }), (data, qp) => {
        const step = stepOf(qp);
        const uniform = dequantizeLevels(quantizeUniform(data, { step, lambda: 0 }), step);
        const dependent = dequantizeLevels(quantizeDependent(data, { step, lambda: 0 }), step);
        for (const [i, x] of data.entries()) {
          const rounding = Math.abs(x) * 2 ** -22;
          expect(Math.abs((uniform[i] as number) - x)).toBeLessThanOrEqual(step / 2 + rounding);
          expect(Math.abs((dependent[i] as number) - x)).toBeLessThanOrEqual(2 * step + rounding);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test('that are quantised again at the same step stay as they are where bits count nothing', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -40, max: 8 }), (data, qp) => {
        const step = stepOf(qp);
        for (const quantize of [quantizeUniform, quantizeDependent]) {
          const levels = quantize(data, { step, lambda: 0 });
          expect(quantize(dequantizeLevels(levels, step), { step, lambda: 0 })).toEqual(levels);
        }
      }),
      { seed, numRuns: 200 },
    );
  });
});

test('codewords are as long as the decisions of their levels are uncertain', () => {
  const draw = random(7);
  for (const spread of [1.5, 4, 20]) {
    const values = Float32Array.from({ length: 20_000 }, () => spread * draw.normal());
    for (const dependent of [false, true]) {
      const levels = (dependent ? quantizeDependent : quantizeUniform)(values, { step: 1 });
      const writer = new CodewordWriter();
      writer.levels(levels, { dependent });
      const { bins, entropyBits } = levelStatistics(levels, { dependent });
      expect(bins).toBeGreaterThanOrEqual(levels.length);
      const ratio = (8 * writer.finish().length) / entropyBits;
      expect(ratio).toBeGreaterThan(0.98);
      expect(ratio).toBeLessThan(1.03);
    }
  }
});

describe('codebooks', () => {
  const small = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom(2 ** 30 - 1, 1 - 2 ** 30, 1000, -70_000),
  );
  const levels = fc.array(small, { maxLength: 60 }).map((list) => Int32Array.from(list));

  test('and codes give the levels again, from their bytes too', () => {
    fc.assert(
      fc.property(levels, (given) => {
        const { codebook, codes } = toCodebook(given);
        expect(fromCodebook(codebook, codes)).toEqual(given);
        const bytes = encodeCodebook(codebook);
        expect(decodeCodebook(bytes)).toEqual({ codebook, byteLength: bytes.length });
        for (let length = 0; length < bytes.length; length++)
          expect(() => decodeCodebook(bytes.slice(0, length))).toThrow(BitstreamError);
      }),
      { seed, numRuns: 200 },
    );
  });

  test('of any bytes are refused, or have ascending entries', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const { entries, zero } = decodeCodebook(bytes).codebook;
          expect(entries.slice().sort()).toEqual(entries);
          expect(zero).toBeLessThanOrEqual(entries.length);
        } catch (error) {
          if (!(error instanceof BitstreamError)) throw error;
        }
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('refuse codes that they do not have', () => {
    const { codebook } = toCodebook(Int32Array.of(1, 5, 5));
    expect(() => fromCodebook(codebook, Int32Array.of(1))).toThrow(BitstreamError);
  });
});

describe('what is refused', () => {
  const writer = () => new CodewordWriter();

  test.each<[string, () => unknown, string]>([
    ['−2^31', () => writer().levels(Int32Array.of(0, -(2 ** 31))), 'levels above −2^31'],
    ['other arrays', () => writer().levels([1, 2] as never), 'Int32Array'],
    ['another shape', () => writer().levels(Int32Array.of(1, 2), { shape: [3] }), 'shape [3]'],
    ['unknown options', () => writer().levels(Int32Array.of(1), { optimise: true } as never), 'optimize'],
    [
      'levels without a trellis',
      () => writer().levels(Int32Array.of(1), { dependent: true }),
      'quantizeDependent',
    ],
    ['numbers that are too large', () => writer().bits(3, 8), 'value'],
    ['numbers without bits', () => writer().bits(0, 0), 'count'],
    ['steps of 0', () => quantizeUniform(Float32Array.of(1), { step: 0 }), 'step'],
    ['no step', () => quantizeUniform(Float32Array.of(1), {} as never), 'step'],
    ['NaN', () => quantizeDependent(Float32Array.of(1, Number.NaN), { step: 1 }), 'NaN at index 1'],
    ['infinities', () => quantizeUniform(Float64Array.of(-Infinity), { step: 1 }), 'finite values'],
    ['steps that are too small', () => quantizeDependent(Float32Array.of(1), { step: 1e-12 }), 'at least'],
    ['other values', () => quantizeUniform([1] as never, { step: 1 }), 'Float32Array'],
    ['texts for bytes', () => new CodewordReader('abc' as never), 'Uint8Array'],
    [
      'another number of levels',
      () => new CodewordReader(new Uint8Array(9)).levels(5, { shape: [4] }),
      'shape [4]',
    ],
    ['steps beyond what the standard has', () => stepOf(500), 'qp'],
    ['large entries of a codebook', () => toCodebook(Int32Array.of(2 ** 30)), '1073741823'],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow(message);
  });

  test('levels behind the end', () => {
    const ended = writer();
    ended.finish();
    expect(() => ended.levels(Int32Array.of(1))).toThrow('not finished');
  });

  test('other options than those of the writer, mostly', () => {
    const coded = writer();
    coded.levels(Int32Array.from({ length: 400 }, (_, i) => (i * i) % 7));
    const bytes = coded.finish();
    expect(() => {
      const reader = new CodewordReader(bytes);
      reader.levels(400, { greaterFlags: 3 });
      reader.finish();
    }).toThrow(BitstreamError);
  });
});
