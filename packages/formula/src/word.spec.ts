import {
  ArgumentError,
  asWordHash,
  hashFamilies,
  multiplyShiftWords,
  murmur3Words,
  xxHash32Words,
} from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Graph } from './graph.ts';
import { Interpreter } from './interpreter.ts';
import { Program } from './program.ts';
import { evaluateEntry } from './testing/evaluate-entry.ts';
import { symbolicWords, Word } from './word.ts';

const edges = [
  0, 1, 2, 3, 31, 32, 0xffff, 0x10000, 0x1fffff, 0x200000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const u32 = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 0xffffffff }));
const pinned = { seed: 20, numRuns: 300 };

type Build = (a: Word, b: Word) => Word;

const modulus = 2n ** 32n;
const low = (value: bigint): number => Number(((value % modulus) + modulus) % modulus);

/** Each operation beside what it means, on integers. */
const operations: Record<string, [Build, (a: bigint, b: bigint) => bigint]> = {
  plus: [(a, b) => a.plus(b), (a, b) => a + b],
  minus: [(a, b) => a.minus(b), (a, b) => a - b],
  times: [(a, b) => a.times(b), (a, b) => a * b],
  xor: [(a, b) => a.xor(b), (a, b) => a ^ b],
  and: [(a, b) => a.and(b), (a, b) => a & b],
  or: [(a, b) => a.or(b), (a, b) => a | b],
  below: [(a, b) => a.below(b), (a, b) => (a * b) / modulus],
  div: [(a, b) => a.div(b), (a, b) => (b === 0n ? 0n : a / b)],
  rem: [(a, b) => a.rem(b), (a, b) => (b === 0n ? 0n : a % b)],
  equals: [(a, b) => a.equals(b), (a, b) => (a === b ? 1n : 0n)],
  lessThan: [(a, b) => a.lessThan(b), (a, b) => (a < b ? 1n : 0n)],
};

const immediates: Record<
  string,
  [(a: Word, n: number) => Word, (a: bigint, n: bigint) => bigint, number, number]
> = {
  shl: [(a, n) => a.shl(n), (a, n) => a << n, 0, 31],
  shr: [(a, n) => a.shr(n), (a, n) => a >> n, 0, 31],
  rotl: [(a, n) => a.rotl(n), (a, n) => (a << n) | (a >> (32n - n)), 0, 31],
  group: [(a, n) => a.group(n), (a, n) => a / n, 1, 0xffffffff],
  lane: [(a, n) => a.lane(n), (a, n) => a % n, 1, 0xffffffff],
};

/** The value of an expression of the uniforms a and b, computed at run time by the interpreter. */
function run(build: Build, a: number, b: number): number {
  const graph = new Graph();
  const uniform = (slot: number): Word => new Word(graph, graph.node('uniform', [], slot));
  const word = build(uniform(0), uniform(1));
  const program = new Program(graph, [word.asReal().id], [], {
    stored: 0,
    inputs: 0,
    uniforms: 2,
    scalars: 0,
  });
  const panel = { rows: 1, cols: 1, firstRow: 0, firstCol: 0, scalars: [], stored: [], inputs: [] };
  const [out] = new Interpreter(program, 'f64', 1).run({ ...panel, uniforms: [a, b] });
  const entry = evaluateEntry(program, { row: 0, col: 0, uniforms: [a, b] }).outputs[0];
  expect(out?.[0]).toBe(entry);
  return out?.[0] as number;
}

/** The value that folding gives an expression of two constants. */
function fold(build: Build, a: number, b: number): number {
  const graph = new Graph();
  const node = graph.at(build(Word.constant(graph, a), Word.constant(graph, b)).id);
  expect(node.op).toBe('word');
  return node.value;
}

describe.each(Object.entries(operations))('%s', (_, [build, meaning]) => {
  test('means the integer operation modulo 2^32, folded or run', () => {
    fc.assert(
      fc.property(u32, u32, (a, b) => {
        const expected = low(meaning(BigInt(a), BigInt(b)));
        expect(run(build, a, b)).toBe(expected);
        expect(fold(build, a, b)).toBe(expected);
        expect(run((x) => build(x, Word.constant(x.graph, b)), a, 0)).toBe(expected);
        expect(run((x) => build(Word.constant(x.graph, a), x), b, 0)).toBe(expected);
      }),
      pinned,
    );
  });

  test('does so at all pairs of edge values', () => {
    for (const a of edges)
      for (const b of edges) expect(run(build, a, b)).toBe(low(meaning(BigInt(a), BigInt(b))));
  });
});

describe.each(Object.entries(immediates))('%s', (_, [build, meaning, least, most]) => {
  test('means the integer operation modulo 2^32, folded or run', () => {
    const constant = fc.oneof(
      fc.constantFrom(least, least + 1, 7, 8, 16, most),
      fc.integer({ min: least, max: most }),
    );
    fc.assert(
      fc.property(u32, constant, (a, n) => {
        const expected = low(meaning(BigInt(a), BigInt(n)));
        expect(run((x) => build(x, n), a, 0)).toBe(expected);
        expect(fold((x) => build(x, n), a, 0)).toBe(expected);
      }),
      pinned,
    );
  });

  test('refuses constants out of range', () => {
    const word = new Word(new Graph(), 0);
    for (const n of [least - 1, most + 1, 1.5, Number.NaN])
      expect(() => build(word, n)).toThrow(ArgumentError);
  });
});

test('below is exact where h·n lies one short of a multiple of 2^32', () => {
  const odd = fc.integer({ min: 0, max: 0x7fffffff }).map((half) => 2 * half + 1);
  fc.assert(
    fc.property(odd, (n) => {
      // Newton's iteration for the inverse of n modulo 2^32, from 5 right bits.
      let inverse = (3 * n) ^ 2;
      for (let k = 0; k < 3; k++) inverse = Math.imul(inverse, 2 - Math.imul(n, inverse));
      const h = -inverse >>> 0;
      expect((BigInt(h) * BigInt(n)) % modulus).toBe(modulus - 1n);
      expect(run((a, b) => a.below(b), h, n)).toBe(low((BigInt(h) * BigInt(n)) / modulus));
    }),
    pinned,
  );
});

test('number operands are taken modulo 2^32', () => {
  for (const a of edges) {
    expect(run((x) => x.plus(-1), a, 0)).toBe(low(BigInt(a) - 1n));
    expect(run((x) => x.minus(1), a, 0)).toBe(low(BigInt(a) - 1n));
    expect(run((x) => x.xor(2 ** 32 + 5), a, 0)).toBe(low(BigInt(a) ^ 5n));
  }
});

test('identities make no nodes', () => {
  const graph = new Graph();
  const x = new Word(graph, graph.node('row'));
  for (const same of [x.plus(0), x.minus(0), x.times(1), x.xor(0), x.or(0), x.shl(0), x.shr(0), x.rotl(0)])
    expect(same.id).toBe(x.id);
  expect(x.plus(5).plus(7).id).toBe(x.plus(12).id);
  expect(x.plus(5).minus(5).id).toBe(x.id);
});

test('sums of constants merge modulo 2^32', () => {
  fc.assert(
    fc.property(u32, u32, u32, (a, c, d) => {
      expect(run((x) => x.plus(c).plus(d), a, 0)).toBe(low(BigInt(a) + BigInt(c) + BigInt(d)));
    }),
    pinned,
  );
});

test('asSign is +1 where bit 0 is clear, else −1; asReal is unsigned', () => {
  const graph = new Graph();
  const word = new Word(graph, graph.node('uniform', [], 0));
  const ids = [word.asSign().id, word.asReal().id];
  const program = new Program(graph, ids, [], { stored: 0, inputs: 0, uniforms: 1, scalars: 0 });
  const interpreters = { f32: new Interpreter(program, 'f32', 1), f64: new Interpreter(program, 'f64', 1) };
  const panel = { rows: 1, cols: 1, firstRow: 0, firstCol: 0, scalars: [], stored: [], inputs: [] };
  fc.assert(
    fc.property(u32, (a) => {
      const [sign, real] = interpreters.f64.run({ ...panel, uniforms: [a] });
      expect([sign?.[0], real?.[0]]).toEqual([a % 2 === 0 ? 1 : -1, a]);
      expect(interpreters.f32.run({ ...panel, uniforms: [a] })[1]?.[0]).toBe(Math.fround(a));
    }),
    pinned,
  );
});

test('every hash family traced symbolically equals its number form', () => {
  const numbers = { xxHash32: xxHash32Words, murmur3: murmur3Words, multiplyShift: multiplyShiftWords };
  for (const [name, formula] of Object.entries(hashFamilies)) {
    const graph = new Graph();
    const words = symbolicWords(graph);
    const leaf = (op: 'row' | 'col' | 'uniform'): Word => new Word(graph, graph.node(op));
    const hash = formula(words, leaf('row'), leaf('col'), leaf('uniform'));
    const program = new Program(graph, [hash.asReal().id], [], {
      stored: 0,
      inputs: 0,
      uniforms: 1,
      scalars: 0,
    });
    const interpreter = new Interpreter(program, 'f64', 9);
    const panel = { rows: 3, cols: 3, scalars: [], stored: [], inputs: [] };
    fc.assert(
      fc.property(u32, u32, u32, (row, col, seed) => {
        const [out] = interpreter.run({ ...panel, firstRow: row, firstCol: col, uniforms: [seed] });
        for (let k = 0; k < 9; k++) {
          const at = [(row + Math.floor(k / 3)) >>> 0, (col + (k % 3)) >>> 0] as const;
          const expected = numbers[name as keyof typeof numbers](...at, seed);
          expect(out?.[k]).toBe(expected);
          expect(asWordHash(formula)(...at, seed)).toBe(expected);
        }
      }),
      { seed: 3, numRuns: 100 },
    );
    const folded = formula(words, words.constant(3), words.constant(4), words.constant(5));
    expect(graph.at(folded.id)).toMatchObject({ op: 'word', value: asWordHash(formula)(3, 4, 5) });
  }
});
