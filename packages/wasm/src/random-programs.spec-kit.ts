import { Graph, Program, Real, Word } from '@funhash/formula';
import fc from 'fast-check';

/** For specs: random formulas. A formula is a list of choices, each building one more node from earlier ones. */

export const choice = fc.record({
  op: fc.nat({ max: 60 }),
  a: fc.nat(),
  b: fc.nat(),
  c: fc.nat(),
  n: fc.nat(),
});
export const choices = (most: number) => fc.array(choice, { minLength: 1, maxLength: most });
export type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const constants = [
  0, 1, 2, 3, 5, 7, 8, 10, 16, 64, 1000, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

function growWords(graph: Graph, words: Word[], list: readonly Choice[]): void {
  for (const { op, a, b, n } of list) {
    const [x, y] = [pick(words, a), pick(words, b)];
    const constant = pick(constants, n);
    const size = pick([1, 2, 3, 4, 7, 8, 16, 24, 100, 2 ** 31, 0xffffffff], n);
    const made: (() => Word)[] = [
      () => x.plus(y),
      () => x.times(y),
      () => x.xor(y),
      () => x.and(y),
      () => x.or(y),
      () => x.shl(n % 32),
      () => x.shr(n % 32),
      () => x.rotl(n % 32),
      () => x.below(y),
      () => x.below(constant),
      () => x.div(y),
      () => x.rem(y),
      () => x.div(constant),
      () => x.rem(constant),
      () => x.group(size),
      () => x.lane(size),
      () => x.equals(y),
      () => x.lessThan(y),
      () => Word.constant(graph, constant),
      () => x.times(constant),
      () => x.plus(constant),
      () => x.and(constant),
    ];
    words.push(pick(made, op)());
  }
}

function growReals(words: readonly Word[], reals: Real[], list: readonly Choice[]): void {
  for (const { op, a, b, c, n } of list) {
    const [x, y, z] = [pick(reals, a), pick(reals, b), pick(reals, c)];
    const made: (() => Real)[] = [
      () => x.plus(y),
      () => x.minus(y),
      () => x.times(y),
      () => x.over(y.abs().plus(0.5)),
      () => x.maximum(y),
      () => x.minimum(y),
      () => x.negate(),
      () => x.tanh(),
      () => x.relu(),
      () => x.tanh().exp(),
      () => x.abs().plus(0.25).log(),
      () => x.abs().sqrt(),
      () => x.sin(),
      () => x.cos(),
      () => x.abs(),
      () => x.ifPositive(y, z),
      () => x.withGradientOf(y),
      () => x.plus((n % 9) - 4),
      () => x.times((n % 5) - 2),
    ];
    const withWords: (() => Real)[] = [
      () => x.times(pick(words, n).asSign()),
      () => pick(words, n).asSign(),
      () =>
        pick(words, n)
          .and(255)
          .asReal()
          .times(1 / 256),
      () => pick(words, n).select(x, y),
    ];
    reals.push(pick(words.length > 0 ? [...made, ...withWords] : made, op)());
  }
}

export function pointwiseProgram(
  list: readonly Choice[],
  arity: number,
  scalars: number,
  outputs: number,
): Program {
  const graph = new Graph();
  const reals: Real[] = [];
  for (let slot = 0; slot < arity; slot++) reals.push(Real.from(graph, graph.node('input', [], slot)));
  for (let slot = 0; slot < scalars; slot++) reals.push(Real.from(graph, graph.node('scalar', [], slot)));
  growReals([], reals, list);
  const last = reals.slice(-outputs).map(({ id }) => id);
  return new Program(graph, last, [], { stored: 0, inputs: arity, uniforms: 0, scalars });
}

/** Uniform words and scalars that random formulas may read. */
export const uniforms = [17, 0xdeadbeef, 3];
export const scalars = [0.75];
export const storedLengths = [37, 4096];

interface Start {
  readonly graph: Graph;
  readonly words: Word[];
}

function startWords(list: readonly Choice[]): Start {
  const graph = new Graph();
  const leaf = (op: 'row' | 'col' | 'uniform', value = 0): Word => new Word(graph, graph.node(op, [], value));
  const words = [leaf('row'), leaf('col'), ...uniforms.map((_, slot) => leaf('uniform', slot))];
  growWords(graph, words, list);
  return { graph, words };
}

/** An index below `length` of one of the kinds that the compiler tells apart. */
function indexOf({ graph, words }: Start, { op, a, b, n }: Choice, length: number): Word {
  const [row, col] = words as [Word, Word];
  const any = pick(words, a);
  const block = (word: Word, size: number): Word => word.below(Math.floor(length / size)).times(size);
  const made: (() => Word)[] = [
    () => any.below(length),
    () => any.below(length),
    () => any.rem(length),
    () => row.below(length).plus(col.lane(8)).rem(length),
    () => block(col.group(8).plus(row.times(2654435761)), 8).plus(col.lane(8)),
    () => block(row.group(8).times(40503).xor(col), 8).plus(row.lane(8)),
    () => block(row.group(16).times(97).plus(col.group(8)).times(2654435761), 16).plus(row.lane(16)),
    () =>
      length < 64
        ? any.below(length)
        : block(row.group(8).times(97).plus(col.group(8)).times(2654435761), 64)
            .plus(row.lane(8).times(8))
            .plus(col.lane(8)),
    () => Word.constant(graph, b % length),
    () => row.rem(length),
    () => col.div(3).rem(length),
    () => pick(words.slice(2, 5), n).rem(length),
  ];
  return pick(made, op)();
}

/** A formula whose entry is the index of a stored value under a sign: shows every bit of both. */
export function indexProgram(list: readonly Choice[], last: Choice): Program {
  const start = startWords(list);
  const { graph, words } = start;
  const index = indexOf(start, last, storedLengths[1] as number);
  const stored = Real.from(graph, graph.node('at', [index.id], 1));
  const entry = stored.times(pick(words, last.c).asSign());
  return new Program(graph, [entry.id], [], slots);
}

/** A formula of words, stored values and arithmetic. */
export function entryProgram(
  wordList: readonly Choice[],
  indices: readonly Choice[],
  realList: readonly Choice[],
): Program {
  const start = startWords(wordList);
  const { graph, words } = start;
  const reals: Real[] = indices.map((choice) => {
    const slot = choice.c % storedLengths.length;
    const index = indexOf(start, choice, storedLengths[slot] as number);
    return Real.from(graph, graph.node('at', [index.id], slot));
  });
  reals.push(Real.from(graph, graph.node('scalar', [], 0)));
  growReals(words, reals, realList);
  return new Program(graph, [(reals.at(-1) as Real).id], [], slots);
}

const slots = { stored: storedLengths.length, inputs: 0, uniforms: uniforms.length, scalars: scalars.length };
