import { adjoint, Graph, Program, Real, symbolicWords, Word } from '@funhash/formula';
import { below, signOf, xxHash32Formula, xxHash32Words } from '@funhash/hashing';

/** What an entry is stated from. */
interface Leaves {
  readonly row: Word;
  readonly col: Word;
  uniform(slot: number): Word;
  scalar(slot: number): Real;
  at(slot: number, index: Word | number): Real;
  hash(row: Word, col: Word, seed: Word): Word;
}

/** What the plain definition of an entry reads. */
interface Values {
  readonly stored: readonly ArrayLike<number>[];
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
}

/** A formula of a virtual matrix beside the same definition in plain numbers. */
export interface SampleFormula {
  readonly name: string;
  readonly program: Program;
  readonly adjoint: Program;
  /** Lengths of the stored arrays of a matrix of this size. */
  lengths(rows: number, cols: number): number[];
  uniforms(seed: number): number[];
  readonly scalars: readonly number[];
  plain(row: number, col: number, values: Values): number;
}

interface Statement extends Omit<SampleFormula, 'program' | 'adjoint'> {
  readonly slots: { readonly stored: number; readonly uniforms: number; readonly scalars: number };
  entry(leaves: Leaves): Real;
}

function sample({ slots, entry, ...rest }: Statement): SampleFormula {
  const graph = new Graph();
  const words = symbolicWords(graph);
  const word = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const { id } = entry({
    row: word('row'),
    col: word('col'),
    uniform: (slot) => word('uniform', slot),
    scalar: (slot) => Real.from(graph, graph.node('scalar', [], slot)),
    at: (slot, index) => {
      const at = typeof index === 'number' ? Word.constant(graph, index) : index;
      return Real.from(graph, graph.node('at', [at.id], slot));
    },
    hash: (row, col, seed) => xxHash32Formula(words, row, col, seed),
  });
  const program = new Program(graph, [id], [], { ...slots, inputs: 0 });
  return { ...rest, program, adjoint: adjoint(program) };
}

const at = (array: ArrayLike<number> | undefined, index: number): number =>
  (array as ArrayLike<number>)[index] as number;
const uniformOf = ({ uniforms }: Values, slot: number): number => uniforms[slot] as number;

/** w[h below buckets] · sign(h), h = xxHash32(row, col) under a seed; buckets and seed at run time. */
export const hashed = sample({
  name: 'hashed',
  slots: { stored: 1, uniforms: 2, scalars: 0 },
  lengths: () => [29],
  uniforms: (seed) => [29, seed],
  scalars: [],
  entry: ({ row, col, uniform, at, hash }) => {
    const h = hash(row, col, uniform(1));
    return at(0, h.below(uniform(0))).times(h.asSign());
  },
  plain: (row, col, values) => {
    const h = xxHash32Words(row, col, uniformOf(values, 1));
    return at(values.stored[0], below(h, uniformOf(values, 0))) * signOf(h);
  },
});

const rank = 3;

/** Σ_i u[row·r + i] · v[col·r + i], scaled by a run-time real. */
export const lowRank = sample({
  name: 'low rank',
  slots: { stored: 2, uniforms: 0, scalars: 1 },
  lengths: (rows, cols) => [rows * rank, cols * rank],
  uniforms: () => [],
  scalars: [0.75],
  entry: ({ row, col, scalar, at }) => {
    const terms = [0, 1, 2].map((i) => at(0, row.times(rank).plus(i)).times(at(1, col.times(rank).plus(i))));
    return terms.reduce((sum, term) => sum.plus(term)).times(scalar(0));
  },
  plain: (row, col, { stored: [u, v], scalars: [scale] }) =>
    (scale as number) * [0, 1, 2].reduce((sum, i) => sum + at(u, row * rank + i) * at(v, col * rank + i), 0),
});

/** Runs of 8 neighbours in a row at a hashed start. */
export const blocks = sample({
  name: 'blocks of 8 columns',
  slots: { stored: 1, uniforms: 2, scalars: 0 },
  lengths: () => [61],
  uniforms: (seed) => [61 - 7, seed],
  scalars: [],
  entry: ({ row, col, uniform, at, hash }) =>
    at(0, hash(row, col.group(8), uniform(1)).below(uniform(0)).plus(col.lane(8))),
  plain: (row, col, values) => {
    const h = xxHash32Words(row, Math.floor(col / 8), uniformOf(values, 1));
    return at(values.stored[0], below(h, uniformOf(values, 0)) + (col % 8));
  },
});

/** Tiles of 4 × 8, column by column, with a hashed sign for each. */
const tiles = sample({
  name: 'tiles of 4 × 8',
  slots: { stored: 1, uniforms: 2, scalars: 0 },
  lengths: () => [5 * 32],
  uniforms: (seed) => [5, seed],
  scalars: [],
  entry: ({ row, col, uniform, at, hash }) => {
    const h = hash(row.group(4), col.group(8), uniform(1));
    const index = h.below(uniform(0)).times(32).plus(col.lane(8).times(4)).plus(row.lane(4));
    return at(0, index).times(h.asSign());
  },
  plain: (row, col, values) => {
    const h = xxHash32Words(Math.floor(row / 4), Math.floor(col / 8), uniformOf(values, 1));
    return at(values.stored[0], below(h, uniformOf(values, 0)) * 32 + (col % 8) * 4 + (row % 4)) * signOf(h);
  },
});

/** A network of two inputs, two tanh units and a linear output, whose own parameters lie at constant indices. */
const network = sample({
  name: 'two-layer network',
  slots: { stored: 2, uniforms: 2, scalars: 0 },
  lengths: () => [31, 9],
  uniforms: (seed) => [31, seed],
  scalars: [],
  entry: ({ row, col, uniform, at, hash }) => {
    const inputs = [0, 1].map((k) => {
      const h = hash(row, col, uniform(1).plus(k));
      return at(0, h.below(uniform(0))).times(h.asSign());
    }) as [Real, Real];
    const unit = (k: number): Real =>
      inputs[0]
        .times(at(1, 3 * k))
        .plus(inputs[1].times(at(1, 3 * k + 1)))
        .plus(at(1, 3 * k + 2))
        .tanh();
    return unit(0)
      .times(at(1, 6))
      .plus(unit(1).times(at(1, 7)))
      .plus(at(1, 8));
  },
  plain: (row, col, values) => {
    const [w, theta] = values.stored;
    const [a, b] = [0, 1].map((k) => {
      const h = xxHash32Words(row, col, (uniformOf(values, 1) + k) >>> 0);
      return at(w, below(h, uniformOf(values, 0))) * signOf(h);
    }) as [number, number];
    const unit = (k: number): number =>
      Math.tanh(a * at(theta, 3 * k) + b * at(theta, 3 * k + 1) + at(theta, 3 * k + 2));
    return unit(0) * at(theta, 6) + unit(1) * at(theta, 7) + at(theta, 8);
  },
});

/** Random edge removal: only entries whose second hash is below a threshold exist; a row vector gives their values. */
const edges = sample({
  name: 'edge removal',
  slots: { stored: 1, uniforms: 2, scalars: 0 },
  lengths: (_, cols) => [cols],
  uniforms: (seed) => [0x60000000, seed],
  scalars: [],
  entry: ({ row, col, uniform, at, hash }) =>
    hash(row, col, uniform(1)).lessThan(uniform(0)).select(at(0, col), 0),
  plain: (row, col, values) =>
    xxHash32Words(row, col, uniformOf(values, 1)) < uniformOf(values, 0) ? at(values.stored[0], col) : 0,
});

/** A relu of a sum of a row value and a column value: both index classes of one dimension, through arithmetic. */
const margins = sample({
  name: 'relu of row plus column',
  slots: { stored: 2, uniforms: 0, scalars: 0 },
  lengths: (rows, cols) => [rows, cols],
  uniforms: () => [],
  scalars: [],
  entry: ({ row, col, at }) => at(0, row).plus(at(1, col)).relu(),
  plain: (row, col, { stored: [a, b] }) => Math.max(0, at(a, row) + at(b, col)),
});

export const sampleFormulas: readonly SampleFormula[] = [
  hashed,
  lowRank,
  blocks,
  tiles,
  network,
  edges,
  margins,
];

const word = (name: string, build: (h: Word) => Word, plain: (h: number) => number): SampleFormula =>
  sample({
    name,
    slots: { stored: 1, uniforms: 1, scalars: 0 },
    lengths: () => [1],
    uniforms: (seed) => [seed],
    scalars: [],
    entry: ({ row, col, uniform, at, hash }) => at(0, 0).times(build(hash(row, col, uniform(0))).asReal()),
    plain: (row, col, values) =>
      at(values.stored[0], 0) * plain(xxHash32Words(row, col, uniformOf(values, 0))),
  });

/** Formulas whose entries are whole words below 2^24 when the stored value is 1, so that they compare bit for bit. */
export const wordFormulas: readonly SampleFormula[] = [
  word(
    'low bits',
    (h) => h.and(0xffff),
    (h) => h & 0xffff,
  ),
  word(
    'high bits',
    (h) => h.shr(16),
    (h) => h >>> 16,
  ),
  word(
    'below',
    (h) => h.below(1_000_003),
    (h) => below(h, 1_000_003),
  ),
  word(
    'rotated',
    (h) => h.rotl(7).shl(3).shr(9),
    (h) => (((h << 7) | (h >>> 25)) << 3) >>> 9,
  ),
  word(
    'sum',
    (h) => h.plus(h.or(5)).xor(0xa5a5a5a5).and(0xffffff),
    (h) => ((h + (h | 5)) ^ 0xa5a5a5a5) & 0xffffff,
  ),
  word(
    'group',
    (h) => h.group(1000),
    (h) => Math.floor(h / 1000),
  ),
  word(
    'lane',
    (h) => h.lane(1000),
    (h) => h % 1000,
  ),
  word(
    'equal',
    (h) => h.lane(3).equals(1),
    (h) => (h % 3 === 1 ? 1 : 0),
  ),
  word(
    'less',
    (h) => h.lessThan(0x90000000),
    (h) => (h < 0x90000000 ? 1 : 0),
  ),
];
