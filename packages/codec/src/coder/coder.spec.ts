import { describe, expect, test } from 'vitest';
import {
  CodewordReader,
  CodewordWriter,
  type LevelOptions,
  quantizeDependent,
  quantizeUniform,
  stepOf,
  type WritingOptions,
} from '../coder.ts';
import fixtures from './coder.fixtures.json' with { type: 'json' };
import { nextState } from './engine/tables.ts';
import type { Scan } from './levels/scan.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const bytesIn = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

const plain = { optimize: false } as const;
const reference = { reference: true } as const;

/** The levels that dependent quantisation has for coded ones. */
function doubled(coded: readonly number[]): number[] {
  let state = 0;
  return coded.map((k) => {
    const level = k === 0 ? 0 : 2 * k - Math.sign(k) * (state & 1);
    state = nextState[(state << 1) | (k & 1)] as number;
    return level;
  });
}

const blocks = Array.from({ length: 110 }, (_, i) => ((3 * Math.floor(i / 11) + 5 * (i % 11)) % 7) - 3);
const trellis = doubled(Array.from({ length: 160 }, (_, i) => ((i * i) % 11 < 3 ? (i % 5) - 2 : 0)));

interface Part {
  readonly levels: readonly number[];
  readonly options: WritingOptions;
  /** A number in 8 bits in front. */
  readonly number?: number;
}

/** Streams of the standard's reference coder. */
const streams: readonly (readonly [title: string, stream: string, parts: readonly Part[]])[] = [
  ['no tensor', 'fe80', []],
  ['an empty tensor', '8d003fa0', [{ levels: [], options: plain }]],
  ['level 0', '8d003fb0', [{ levels: [0], options: plain }]],
  ['level 1', '8d002338', [{ levels: [1], options: plain }]],
  ['level −1', '8d001338', [{ levels: [-1], options: plain }]],
  ['ten levels', '8d003bd1b68c7f80', [{ levels: [0, 3, 0, -1, 0, 0, 2, -7, 1, 0], options: plain }]],
  [
    'ten levels behind a number',
    'e2aa003bd1b68c7f80',
    [{ number: -29, levels: [0, 3, 0, -1, 0, 0, 2, -7, 1, 0], options: reference }],
  ],
  [
    'remainders',
    '8d0051bf1c2963062fe94817',
    [{ levels: [100, -1, 0, 25, -4096, 2, 0, -13], options: { ...plain, shape: [2, 4], greaterFlags: 1 } }],
  ],
  [
    'dependent levels',
    '8d000ab6e296c6b0',
    [{ levels: [2, -4, 0, 1, 6, 0, 0, -2, 4, -2, 0, 1], options: { ...plain, dependent: true } }],
  ],
  [
    'dependent levels with chosen sets',
    'eb1da4f496fa002e9f2bf8537c18b5bc9f849de717d9c5f830419860a7d8ab9ba8',
    [{ number: -20, levels: trellis, options: { ...reference, shape: [16, 10], dependent: true } }],
  ],
  [
    'blocks of 8 with chosen sets',
    '3a46b31c800041671f9c16946503f60c0c8175732911bda7a30bf968fa1e31a61e7a14f1f341d5608b1cbff39a0520',
    [{ levels: blocks, options: { ...reference, shape: [10, 11], scan: 1 } }],
  ],
  [
    'two tensors',
    'e0ac001a3422af0007041f',
    [
      { number: -31, levels: [2, 0, -1, 0, 1, 1], options: { ...plain, shape: [2, 3] } },
      { number: -64, levels: [0, 2, 2, -1], options: { ...plain, dependent: true } },
    ],
  ],
];

describe.each(streams)('%s', (_title, stream, parts) => {
  test('has the bytes of the reference coder', () => {
    const writer = new CodewordWriter();
    for (const { number, levels, options } of parts) {
      if (number !== undefined) writer.bits(8, number & 255);
      writer.levels(Int32Array.from(levels), options);
    }
    expect(hex(writer.finish())).toBe(stream);
  });

  test('is read from them', () => {
    const reader = new CodewordReader(fromHex(stream));
    for (const { number, levels, options } of parts) {
      if (number !== undefined) expect(reader.bits(8)).toBe(number & 255);
      const { optimize: _optimize, reference: _reference, ...reading } = options;
      expect(Array.from(reader.levels(levels.length, reading))).toEqual(levels);
    }
    expect(reader.finish()).toBe(stream.length / 2);
  });
});

test('quantisers give the levels of the reference, as worked out from its description', () => {
  const values = Float32Array.from(
    { length: 16 },
    (_, i) => (((7 * i) % 13) - 6) / 8 + (((5 * i) % 11) - 5) / 64,
  );
  const given = { step: stepOf(-6), greaterFlags: 11, reference: true };
  expect(given.step).toBe(0.375);
  const uniform = (lambda: number) => quantizeUniform(values, { ...given, lambda }).join(' ');
  const dependent = (lambda: number) => quantizeDependent(values, { ...given, lambda }).join(' ');
  expect(uniform(0)).toBe('-2 0 -1 1 -1 1 -1 1 -1 2 0 2 0 -2 0 -2');
  expect(uniform(1)).toBe('-2 0 -1 1 -1 1 -1 1 0 1 0 2 0 -2 0 -1');
  expect(uniform(4)).toBe('-2 0 -1 0 -1 0 0 1 0 1 0 2 0 -2 0 -1');
  expect(dependent(0)).toBe('-2 0 -1 0 -1 1 0 1 0 2 -1 2 0 -2 0 -1');
  expect(dependent(1)).toBe('-2 0 -1 0 -1 1 0 1 0 2 0 2 0 -1 0 -1');
  expect(dependent(4)).toBe('0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0');
});

test.each(fixtures.map((fixture, k) => [k, fixture] as const))(
  'tensor %i of the reference coder',
  (_, fixture) => {
    const { shape, greaterFlags, dependent, lambda } = fixture;
    const levels = new Int32Array(bytesIn(fixture.levels).buffer);
    const values = new Float32Array(bytesIn(fixture.weights).buffer);
    const scan = fixture.scan as Scan;
    const options: LevelOptions = { shape, greaterFlags, scan, dependent };
    const step = stepOf(fixture.qp, fixture.qpDensity);
    const quantize = dependent ? quantizeDependent : quantizeUniform;
    expect(quantize(values, { shape, scan, greaterFlags, lambda, step, reference: true })).toEqual(levels);
    for (const [stream, choices] of [
      [fixture.plain, plain],
      [fixture.optimized, reference],
    ] as const) {
      const writer = new CodewordWriter();
      writer.levels(levels, { ...options, ...choices });
      expect(hex(writer.finish())).toBe(hex(bytesIn(stream)));
      const reader = new CodewordReader(bytesIn(stream));
      expect(reader.levels(levels.length, options)).toEqual(levels);
      expect(reader.finish()).toBe(bytesIn(stream).length);
    }
  },
);

test('all tensors of the reference together are smaller by choices that count what telling costs', () => {
  let [own, theirs] = [0, 0];
  for (const { shape, greaterFlags, dependent, scan, levels, optimized } of fixtures) {
    const writer = new CodewordWriter();
    writer.levels(new Int32Array(bytesIn(levels).buffer), {
      ...{ shape, greaterFlags, dependent, scan: scan as Scan },
    });
    own += writer.finish().length;
    theirs += bytesIn(optimized).length;
  }
  expect(own).toBeLessThan(theirs);
});
