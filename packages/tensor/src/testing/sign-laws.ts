import { random } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import fc from 'fast-check';
import type { SignBounds, View } from '../backend.ts';
import type { KernelLaw } from './kernel-family.ts';
import { float, law } from './law.ts';
import {
  anyExtent,
  anyLayout,
  anySeed,
  anyShape,
  freshOut,
  type Operand,
  onBackend,
  operand,
} from './operand.ts';
import { type Bench, compare, firstDifference, invoke } from './trial.ts';

/** Laws of packed signs: their bits, and their products by exclusive or and a count of ones. */

const wordsOf = (count: number): number => Math.ceil(count / 32);

/** Words of random bits, edge words among them. */
function wordOperand(
  shape: readonly number[],
  seed: number,
  layout: Parameters<typeof operand>[3] = {},
): Operand {
  const made = operand('i32', shape, seed, layout);
  const draw = random(seed + 1);
  const edges = [0, -1, 1, 2 ** 31, 0x55555555, 0x0f0f0f0f, 0x80000001];
  made.contents.forEach((_, k) => {
    made.contents[k] =
      draw.integer(4) === 0 ? (edges[draw.integer(edges.length)] as number) : draw.integer(2 ** 32);
  });
  return made;
}

/** Bounds of channels, as operands: least values among those that occur, and packed signs. */
function boundOperands(channels: number, seed: number, scale = 1): [Operand, Operand] {
  const least = operand('f32', [channels], seed);
  const below = wordOperand([wordsOf(channels)], seed);
  least.contents.forEach((value, k) => {
    least.contents[k] = Math.round(value * scale);
  });
  if (channels % 32 !== 0)
    below.contents[below.contents.length - 1] =
      (below.contents.at(-1) as number) & (2 ** (channels % 32) - 1);
  return [least, below];
}

const boundsOf = ([least, below]: readonly View[]): [SignBounds] | [] =>
  least && below ? [{ least, below }] : [];

const packSigns = law(
  'packSigns',
  'a bit for each sign, also by bounds; 0 and −0 are positive, NaN is not, no bit behind the last',
  fc.record({
    shape: anyShape(1),
    layout: anyLayout,
    bounded: fc.boolean(),
    float: fc.nat({ max: 1 }),
    seed: anySeed,
  }),
  (bench, { shape, layout, bounded, float: kind, seed }) => {
    const channels = shape.at(-1) as number;
    return compare(bench, {
      kernel: 'packSigns',
      operands: [
        operand(float(bench, kind), shape, seed, { layout, special: true }),
        freshOut('i32', [...shape.slice(0, -1), wordsOf(channels)]),
        ...(bounded ? boundOperands(channels, seed) : []),
      ],
      outs: [1],
      call: ([x, out, ...bounds]) => [x as View, out as View, ...boundsOf(bounds)],
    });
  },
);

/** Numbers of words around vectors, and around what a backend may count in bytes or in halves of words. */
const anyWords = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 9 }) },
  { weight: 2, arbitrary: fc.constantFrom(15, 16, 17, 31, 32, 33, 63, 64, 65) },
);

/** Rows of the left operand: along one axis or several, in any layout. */
const anyRows = fc.oneof(
  { weight: 3, arbitrary: anyExtent.map((rows) => [rows]) },
  { weight: 1, arbitrary: fc.constantFrom([127], [128], [129], [260]) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 3 }) },
);

const products = law(
  'signMatmul',
  'depth less twice the differing bits, planes weighed, of rows of several axes, also by bounds',
  fc.record({
    rows: anyRows,
    channels: fc.oneof({ weight: 4, arbitrary: anyExtent }, { weight: 1, arbitrary: fc.constant(70) }),
    words: anyWords,
    planes: fc.constantFrom(1, 1, 1, 2, 8),
    split: fc.boolean(),
    layout: anyLayout,
    bounded: fc.boolean(),
    seed: anySeed,
  }),
  (bench, { rows, channels, words, planes, split, layout, bounded, seed }) => {
    const columns = split ? [planes, words] : [planes * words];
    return compare(bench, {
      kernel: 'signMatmul',
      operands: [
        wordOperand([...rows, ...columns], seed, { layout }),
        wordOperand([channels, words], seed + 1),
        bounded ? freshOut('i32', [...rows, wordsOf(channels)]) : freshOut('f32', [...rows, channels]),
        ...(bounded ? boundOperands(channels, seed + 2, 16 * planes) : []),
      ],
      outs: [2],
      call: ([a, b, out, ...bounds]) => [
        a as View,
        b as View,
        Math.max(0, 32 * words - (seed % 32)),
        out as View,
        ...boundsOf(bounds),
      ],
      precision: 'exact',
    });
  },
);

const windows = law(
  'signMatmul',
  'windows on packed images',
  fc.record({
    batch: fc.integer({ min: 0, max: 3 }),
    side: fc.integer({ min: 3, max: 8 }),
    stride: fc.integer({ min: 1, max: 2 }),
    words: fc.integer({ min: 1, max: 5 }),
    channels: anyExtent,
    layout: anyLayout,
    seed: anySeed,
  }),
  (bench, { batch, side, stride, words, channels, layout, seed }) => {
    const image = wordOperand([batch, side, side, words], seed, { layout });
    const [ofBatch, ofRow, ofCol, ofWord] = image.strides as [number, number, number, number];
    const extent = Math.floor((side - 3) / stride) + 1;
    return compare(bench, {
      kernel: 'signMatmul',
      operands: [
        {
          ...image,
          shape: [batch, extent, extent, 3, 3, words],
          strides: [ofBatch, ofRow * stride, ofCol * stride, ofRow, ofCol, ofWord],
        },
        wordOperand([channels, 9 * words], seed + 1),
        freshOut('f32', [batch, extent, extent, channels]),
      ],
      outs: [2],
      call: ([a, b, out]) => [a as View, b as View, 32 * 9 * words, out as View],
      precision: 'exact',
    });
  },
);

/** Products of real numbers' signs, by definition; every depth from 1 to 200. */
const signProducts: KernelLaw = {
  kernel: 'signMatmul',
  name: 'signMatmul: of rows that packSigns packed, the product of signs, for every depth from 1 to 200',
  check: async (bench) => {
    for (let depth = 1; depth <= mostDepth; depth++) await checkDepth(bench, depth);
  },
};

const mostDepth = 200;

async function checkDepth({ backend }: Bench, depth: number): Promise<void> {
  const words = wordsOf(depth);
  // Extents by words alone: a device that makes a kernel for each length makes few.
  const [rows, channels] = [1 + ((words * 7) % 19), 1 + ((words * 5) % 37)];
  const x = operand('f32', [rows, mostDepth], depth, { special: true });
  const w = operand('f32', [channels, mostDepth], depth + 1000, { special: true });
  const views = [
    x,
    w,
    freshOut('i32', [rows, words]),
    freshOut('i32', [channels, words]),
    freshOut('f32', [rows, channels]),
  ].map((each) => onBackend(backend, each)) as [View, View, View, View, View];
  const [ofX, ofW, packedX, packedW, out] = views;
  if (!backend.kernels.packSigns)
    throw new LawError({ operation: 'packSigns', expected: 'the kernel beside signMatmul', actual: 'none' });
  const firstColumns = ({ buffer, dtype, strides, offset }: View, count: number): View => {
    return { buffer, dtype, shape: [count, depth], strides, offset };
  };
  invoke(backend, 'packSigns', [firstColumns(ofX, rows), packedX]);
  invoke(backend, 'packSigns', [firstColumns(ofW, channels), packedW]);
  invoke(backend, 'signMatmul', [packedX, packedW, depth, out]);
  const found = await backend.download(out.buffer);
  for (const { buffer } of views) backend.free(buffer);
  const sign = (value: number): number => (value >= 0 ? 1 : -1);
  const expected = Array.from(found, (_, at) => {
    const [m, n] = [Math.floor(at / channels), at % channels];
    let sum = 0;
    for (let k = 0; k < depth; k++)
      sum += sign(x.contents[m * mostDepth + k] as number) * sign(w.contents[n * mostDepth + k] as number);
    return sum;
  });
  const wrong = firstDifference(found, expected, 0);
  if (wrong !== undefined)
    throw new LawError({
      operation: 'signMatmul',
      expected: `${expected[wrong]} at position ${wrong}, of depth ${depth}`,
      actual: String(found[wrong]),
    });
}

export const signLaws: readonly KernelLaw[] = [packSigns, products, windows, signProducts];
