import { Graph } from '../graph.ts';
import { Program } from '../program.ts';
import { Word } from '../word.ts';

/** The leaves that a program of words is built from. */
export interface WordLeaves {
  readonly row: Word;
  readonly col: Word;
  readonly uniform: readonly Word[];
  readonly graph: Graph;
}

/**
 * A program of words alone, with both halves of each word as outputs, low and high 16 bits: reals of any precision
 * hold them exactly.
 *
 * @param uniforms number of uniform words
 */
export function wordProgram(uniforms: number, build: (leaves: WordLeaves) => readonly Word[]): Program {
  const graph = new Graph();
  const leaf = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const uniform = Array.from({ length: uniforms }, (_, slot) => leaf('uniform', slot));
  const words = build({ row: leaf('row'), col: leaf('col'), uniform, graph });
  const outputs = words.flatMap((word) => [word.and(0xffff).asReal().id, word.shr(16).asReal().id]);
  return new Program(graph, outputs, [], { stored: 0, inputs: 0, uniforms, scalars: 0 });
}

/** Rows and columns at the ends of limbs and bytes, below 2^24: whole numbers that f32 holds. */
export const edgeNumbers: readonly number[] = [
  0,
  1,
  2,
  255,
  256,
  65534,
  65535,
  65536,
  65537,
  2 ** 23,
  2 ** 24 - 2,
  2 ** 24 - 1,
];

/** Words at the ends of limbs, bytes and words. */
export const edgeWords: readonly number[] = [
  ...edgeNumbers,
  0x7fffffff,
  0x80000000,
  0x80000001,
  0xfffffffe,
  0xffffffff,
  0x9e3779b9,
];

/** Pairs of uniforms for `everyWordOperation`: an addend, and a divisor. */
export const edgeUniforms: readonly (readonly [addend: number, divisor: number])[] = [
  [0, 0],
  [1, 3],
  [0xffffffff, 0xffffffff],
  [0x80000000, 65537],
  [0x9e3779b9, 1_000_003],
  [0xffff, 0xffff0001],
];

/** Every operation of words on words that depend on row, column and two uniforms; the result as of `wordProgram`. */
export function everyWordOperation(): Program {
  return wordProgram(2, ({ row, col, uniform }) => {
    const [u, by] = uniform as [Word, Word];
    const [a, b] = [row.times(0x10001).plus(u), col.times(0x9e3779b1).xor(u)];
    return [
      a.plus(b),
      a.minus(b),
      a.times(b),
      a.xor(b),
      a.and(b),
      a.or(b),
      a.below(b),
      a.below(by),
      a.div(by),
      a.rem(by),
      a.equals(b),
      a.lessThan(b),
      u.equals(by),
      b.lessThan(by),
      row.shl(3).xor(col.shr(5)),
      ...[1, 7, 15, 16, 17, 31].flatMap((bits) => [
        a.shl(bits),
        a.shr(bits),
        a.rotl(bits),
        b.xor(b.shr(bits)),
        row.or(col.shl(bits)),
      ]),
      ...[1, 2, 3, 8, 10, 255, 256, 1000, 65535, 65536, 65537, 2 ** 31, 0xffffffff].flatMap((n) => [
        a.group(n),
        b.lane(n),
        a.div(n),
        a.rem(n),
        a.below(n),
        a.times(n),
      ]),
      a.div(0),
      a.rem(0),
    ];
  });
}
