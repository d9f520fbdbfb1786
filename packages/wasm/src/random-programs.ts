import { Graph, Program, Real, Word } from '@funhash/formula';
import fc from 'fast-check';

/** For specs: random formulas. A formula is a list of choices, each building one more node from earlier ones. */

const choice = fc.record({ op: fc.nat({ max: 60 }), a: fc.nat(), b: fc.nat(), c: fc.nat(), n: fc.nat() });
export const choices = (most: number) => fc.array(choice, { minLength: 1, maxLength: most });
export type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const constants = [
  0, 1, 2, 3, 5, 7, 8, 10, 16, 64, 1000, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

export function growWords(graph: Graph, words: Word[], list: readonly Choice[]): void {
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

export function growReals(words: readonly Word[], reals: Real[], list: readonly Choice[]): void {
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
