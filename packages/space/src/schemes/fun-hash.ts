import { type Real, Word } from '@funhash/formula';
import { ArgumentError, type Random } from '@funhash/hashing';
import { type FormulaOptions, later, type OptionValues, structural, uniform } from '../options.ts';
import { defineScheme, type Entry, type StoredArray } from '../scheme.ts';
import { orthonormalRows, uniformValues } from '../weight/start-values.ts';

/**
 * FunHashNN: V[i,j] = g(ξ₁ w[h₁(i,j)], …, ξ_U w[h_U(i,j)]; α), a small network g over U hashed values.
 *
 * Letters of the paper: K `buckets`, U `hashes`, α the weights of g. `layers` counts the layers of g with its input:
 * G1 identity (one hash: this is HashedNets), G2 U → 1, G3 U → U/2 → 1, G4 U → U → U/2 → 1, tanh on hidden layers.
 *
 * Dual space (eq. 12): the weights of g are themselves hashed for each entry, from w′. Multi-hop: w is virtual,
 * decoded by a smaller FunHash from the next array, `hops` deep. Biases of g, where there are any, belong to α: stored, and
 * 0 at the start; in dual space hashed as the weights are.
 *
 * The paper gives no initialisation. Here the rows of g's first layer are orthonormal and scaled so that the inputs
 * of tanh have standard deviation 0.3: g starts nearly linear. The output weights are equal, and scaled so that V
 * has the standard deviation asked for. Values of dual space have size 1, and constants give α and V their sizes, unless
 * eq. 12 is asked for as it stands (`dualScaled: false`): then the sizes of w and w′ do all of it.
 */

const options = {
  buckets: uniform.count(),
  hashes: structural.oneOf([1, 2, 4, 8, 16], 4),
  layers: structural.oneOf([1, 2, 3, 4], 3),
  /** Hash g's weights for each entry from w′ (FunHashNN-D). */
  dual: structural.flag(false),
  /** K′, the stored values w′ of dual space; planned: a tenth of the budget. */
  dualBuckets: { ...uniform.count(), default: 1 as number },
  /** Whether constants give g's weights in dual space, and V, their sizes. False: eq. 12 as it stands, without any. */
  dualScaled: later(structural.flag(true)),
  /** Whether the layers of g have biases. */
  biases: later(structural.flag(false)),
  /** Depth of the chain of spaces; 1: w is stored. */
  hops: structural.integer({ default: 1, least: 1, most: 4 }),
  /** Virtual values of w for each stored one of the next hop, where hops > 1. */
  spread: structural.integer({ default: 4, least: 1 }),
  seed: uniform.seed(),
  hash: structural.hash(),
} as const;

type Options = OptionValues<typeof options>;

/** Reads of w for one entry: what four hops of four hashes need. */
const mostReads = 256;

/** Standard deviation of the inputs of tanh at the start. */
const startingInput = 0.3;

/** Widths of the layers of g, from input to output; the identity has none but its input. */
function widthsOf({ hashes, layers }: Pick<Options, 'hashes' | 'layers'>): number[] {
  const half = Math.max(1, hashes / 2);
  return { 1: [hashes], 2: [hashes, 1], 3: [hashes, half, 1], 4: [hashes, hashes, half, 1] }[
    layers
  ] as number[];
}

/** Shapes of the weights of g, layer by layer: [out, in]. */
function shapesOf(o: Pick<Options, 'hashes' | 'layers'>): [number, number][] {
  const widths = widthsOf(o);
  return widths.slice(1).map((out, k) => [out, widths[k] as number]);
}

/** Weights of g, without biases. */
const weightCount = (o: Pick<Options, 'hashes' | 'layers'>): number =>
  shapesOf(o).reduce((sum, [out, into]) => sum + out * into, 0);

const networkSize = (o: Pick<Options, 'hashes' | 'layers' | 'biases'>): number =>
  weightCount(o) + (o.biases ? shapesOf(o).reduce((sum, [out]) => sum + out, 0) : 0);

/** Names of the arrays of g on a hop: the weights and biases of layer k, or w′. */
const weightName = (hop: number, k: number): string => (hop === 0 ? `g${k}` : `hop${hop}.g${k}`);
const biasName = (hop: number, k: number): string => (hop === 0 ? `b${k}` : `hop${hop}.b${k}`);
const dualName = (hop: number): string => (hop === 0 ? 'dual' : `hop${hop}.dual`);

/** Start weights of g, layer by layer, for inputs of one size and an output of another (standard deviations). */
function startingNetwork(draw: Random, o: Options, inputStd: number, outputStd: number): Float64Array[] {
  const shapes = shapesOf(o);
  return shapes.map(([out, into], k) => {
    const given = k === 0 ? inputStd : startingInput;
    if (k < shapes.length - 1)
      return orthonormalRows(draw, out, into).map((x) => (x * startingInput) / given);
    return new Float64Array(into).fill(outputStd / (given * Math.sqrt(into)));
  });
}

/** The size of w from which w′ of one size makes the inputs of the first tanh, and V, those asked for. */
function dualStart(o: Options, std: number): { readonly w: number; readonly dual: number } {
  const [first = 1, ...rest] = shapesOf(o).map(([, into]) => Math.sqrt(into));
  if (rest.length === 0) return { w: Math.sqrt(std / first), dual: Math.sqrt(std / first) };
  const dual = (std / (startingInput * product(rest))) ** (1 / rest.length);
  return { w: startingInput / (dual * first), dual };
}

/** The size of w′ for which a g that is linear keeps the size of its inputs. */
function keepingSize(o: Options): number {
  const roots = shapesOf(o).map(([, into]) => Math.sqrt(into));
  return product(roots) ** (-1 / roots.length);
}

const product = (factors: readonly number[]): number => factors.reduce((all, factor) => all * factor, 1);

/**
 * Multiplies w′ until V has the standard deviation asked for: a power of the factor, the first for little, up to that of the
 * layers of g.
 */
function fitDual(dual: Float64Array, std: number, layers: number, measure: () => number): void {
  let [power, before] = [layers, { size: 1, std: 1 }];
  for (let round = 0; round < 40; round++) {
    const found = measure();
    const miss = std / found;
    if (!(found > 0) || Math.abs(miss - 1) < 1e-6) return;
    if (round > 0) {
      const slope = Math.log(found / before.std) / Math.log(before.size);
      if (slope > 0) power = Math.min(layers, Math.max(0.5, slope));
    }
    const size = miss ** (1 / power);
    for (const [k, value] of dual.entries()) dual[k] = value * size;
    before = { size, std: found };
  }
}

const rootMeanSquare = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

/** Seeds of one layer are a run of numbers: its U entry hashes, hop by hop, then those of dual space. */
const entryStream = (hop: number, u: number): number => hop * 16 + u;
const dualStream = (hop: number, r: number): number => 1024 + hop * 512 + r;

/** The network g on one hop, applied to its inputs for the key (row, col). */
function network(
  { hash }: Entry,
  stored: Readonly<Record<string, StoredArray>>,
  o: FormulaOptions<typeof options>,
  hop: number,
  inputs: readonly Real[],
  row: Word,
  col: Word,
): Real {
  const shapes = shapesOf(o);
  let weightsBefore = 0;
  // In dual space the weights ξ′w′ have size 1: a constant gives them the size of startingNetwork's.
  const hashedFrom = (place: number, size: number): Real => {
    const h = hash(row, col, o.seed.plus(dualStream(hop, place)));
    const value = (stored[dualName(hop)] as StoredArray).at(h.below(o.dualBuckets)).times(h.asSign());
    return o.dualScaled ? value.times(size) : value;
  };
  const dualWeight = (place: number, k: number, into: number): Real =>
    hashedFrom(place, (k === 0 && shapes.length > 1 ? startingInput : 1) / Math.sqrt(into));
  let biasesBefore = weightCount(o);
  let values = inputs;
  shapes.forEach(([out, into], k) => {
    const before = weightsBefore;
    const weight = (place: number): Real =>
      o.dual ? dualWeight(before + place, k, into) : (stored[weightName(hop, k)] as StoredArray).at(place);
    const firstBias = biasesBefore;
    const bias = (place: number): Real =>
      o.dual
        ? hashedFrom(firstBias + place, startingInput / Math.sqrt(into))
        : (stored[biasName(hop, k)] as StoredArray).at(place);
    const layer = Array.from({ length: out }, (_, r) => {
      const sum = values.map((x, u) => x.times(weight(r * into + u))).reduce((all, term) => all.plus(term));
      return o.biases ? sum.plus(bias(r)) : sum;
    });
    biasesBefore += out;
    values = k < shapes.length - 1 ? layer.map((x) => x.tanh()) : layer;
    weightsBefore += out * into;
  });
  return values[0] as Real;
}

export const funHash = defineScheme({
  kind: 'funHash',
  source: 'Shi et al. 2016, arXiv:1605.06560, eq. 4; dual space eq. 12; multi-hops section 4',
  options,
  plan: ({ budget, given }) => {
    if (budget === undefined) return {};
    const { hashes = 4, layers = 3, hops = 1, dual = false, biases = false } = given;
    const dualBuckets = given.dualBuckets ?? Math.max(1, Math.round(budget / 10 / hops));
    const network = dual ? dualBuckets : networkSize({ hashes, layers, biases });
    return { buckets: Math.max(1, budget - network * hops), ...(dual && { dualBuckets }) };
  },
  stored: (o) => {
    if (o.layers === 1 && o.hashes !== 1)
      throw new ArgumentError({
        operation: 'funHash',
        expected: 'layers ≥ 2 where there is more than one hash',
        actual: `${o.hashes} hashes with the identity (layers 1)`,
      });
    if (o.biases && o.layers === 1)
      throw new ArgumentError({
        operation: 'funHash',
        expected: 'layers ≥ 2 where g has biases',
        actual: 'biases of the identity (layers 1)',
      });
    if (!o.dualScaled && (!o.dual || o.layers === 1))
      throw new ArgumentError({
        operation: 'funHash',
        expected: 'dual: true and layers ≥ 2 beside dualScaled: false',
        actual: o.dual ? 'the identity (layers 1)' : 'dual: false',
        remedy: 'Leave dualScaled out.',
      });
    // Each hop multiplies the reads of an entry, and the formula with them.
    if (o.hashes ** o.hops > mostReads)
      throw new ArgumentError({
        operation: 'funHash',
        expected: `at most ${mostReads} reads for one entry, hashes^hops`,
        actual: `${o.hashes}^${o.hops}`,
        remedy: 'Use fewer hashes or hops.',
      });
    const virtualBuckets = o.buckets * o.spread ** (o.hops - 1);
    if (virtualBuckets >= 2 ** 32)
      throw new ArgumentError({
        operation: 'funHash',
        expected: 'fewer than 2^32 virtual values of w, buckets · spread^(hops − 1)',
        actual: String(virtualBuckets),
        remedy: 'Choose a smaller spread or fewer hops.',
      });
    const arrays: Record<string, number[]> = { w: [o.buckets] };
    for (let hop = 0; hop < o.hops; hop++) {
      if (o.dual) arrays[dualName(hop)] = [o.dualBuckets];
      else
        shapesOf(o).forEach((shape, k) => {
          arrays[weightName(hop, k)] = shape;
          if (o.biases) arrays[biasName(hop, k)] = [shape[0]];
        });
    }
    return arrays;
  },
  initialize: ({ options: o, draw, std, shared, measureStd }) => {
    const start = o.dualScaled ? { w: o.dual ? 1 : std, dual: 1 } : dualStart(o, std);
    const w = shared.w ?? uniformValues(draw, o.buckets, start.w);
    const values: Record<string, Float64Array> = { w };
    const size = rootMeanSquare(w);
    for (let hop = 0; hop < o.hops; hop++) {
      if (o.dual) {
        const dual = o.dualScaled || hop === 0 ? start.dual : keepingSize(o);
        values[dualName(hop)] = uniformValues(draw, o.dualBuckets, dual);
      } else
        startingNetwork(draw, o, size, hop === 0 ? std : size).forEach((weights, k) => {
          values[weightName(hop, k)] = weights;
          if (o.biases) values[biasName(hop, k)] = new Float64Array(shapesOf(o)[k]?.[0] ?? 0);
        });
    }
    if (!o.dualScaled) {
      fitDual(values[dualName(0)] as Float64Array, std, shapesOf(o).length, () => measureStd(values));
      return values;
    }
    const output = values[weightName(0, shapesOf(o).length - 1)];
    const correction = output ? std / measureStd(values) : 1;
    output?.forEach((x, k) => {
      output[k] = x * correction;
    });
    return values;
  },
  entry: (entry, stored, o) => {
    const decoded = (hop: number, row: Word, col: Word): Real => {
      const isLast = hop === o.hops - 1;
      const inputs = Array.from({ length: o.hashes }, (_, u) => {
        const h = entry.hash(row, col, o.seed.plus(entryStream(hop, u)));
        const place = h.below(isLast ? o.buckets : o.buckets.times(o.spread ** (o.hops - 1 - hop)));
        const value = isLast
          ? (stored.w as StoredArray).at(place)
          : decoded(hop + 1, place, Word.constant(place.graph, hop + 1));
        return value.times(h.asSign());
      });
      return network(entry, stored, o, hop, inputs, row, col);
    };
    return decoded(0, entry.row, entry.col);
  },
  sample: {
    shape: { rows: 8, cols: 22 },
    requests: [
      { values: 60 },
      { values: 60, hashes: 2, layers: 2 },
      { values: 70, hashes: 16, layers: 2 },
      { values: 70, layers: 4, dual: true },
      { values: 60, hashes: 2, hops: 3 },
      { values: 60, biases: true },
      { values: 70, hashes: 2, dual: true, dualScaled: false, biases: true },
    ],
    // Formulas of more reads take long to check.
    draws: { hashes: [1, 2, 4, 8], hops: [1], spread: [] },
  },
  isScaled: ({ dual, dualScaled }) => dual && dualScaled,
  pool: { array: 'w', count: 'buckets' },
});
