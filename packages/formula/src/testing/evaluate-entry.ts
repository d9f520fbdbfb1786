import { ArgumentError } from '@funhash/hashing';
import type { Node, RealOp, WordOp } from '../graph.ts';
import type { Program } from '../program.ts';
import { realMeaning } from '../real.ts';

/** One entry and everything a program reads there. */
export interface Entry {
  readonly row: number;
  readonly col: number;
  readonly uniforms?: readonly number[];
  readonly scalars?: readonly number[];
  readonly stored?: readonly ArrayLike<number>[];
  /** The operands' values at this entry. */
  readonly inputs?: readonly number[];
}

/** What a sink adds at one entry. */
export interface Addition {
  readonly slot: number;
  readonly index: number;
  readonly value: number;
}

type WordMeaning = (a: bigint, b: bigint, immediate: bigint) => bigint;
type RealMeaning = (a: number, b: number) => number;

const modulus = 1n << 32n;

const words: Partial<Record<WordOp, WordMeaning>> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  xor: (a, b) => a ^ b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  shl: (a, _, bits) => a << bits,
  shr: (a, _, bits) => a >> bits,
  rotl: (a, _, bits) => (a << bits) + (a >> (32n - bits)),
  below: (a, b) => (a * b) >> 32n,
  div: (a, b) => (b === 0n ? 0n : a / b),
  rem: (a, b) => (b === 0n ? 0n : a % b),
  group: (a, _, size) => a / size,
  lane: (a, _, size) => a % size,
  equal: (a, b) => (a === b ? 1n : 0n),
  less: (a, b) => (a < b ? 1n : 0n),
};

const reals: Partial<Record<RealOp, RealMeaning>> = {
  plus: (a, b) => a + b,
  minus: (a, b) => a - b,
  times: (a, b) => a * b,
  over: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  negate: (a) => -a,
  relu: (a) => Math.max(a, 0),
  tanh: Math.tanh,
  sech: (a) => 1 / Math.cosh(a),
  gatedBy: realMeaning.gatedBy,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
};

/**
 * The value of a program at one entry, straight from the definition of each operation: words as integers of any
 * size reduced modulo 2^32, reals rounded after each operation. Slow; what faster evaluators are compared with.
 *
 * @throws ArgumentError where an index lies outside of its stored array
 */
export function evaluateEntry(
  program: Program,
  entry: Entry,
  dtype: 'f32' | 'f64' = 'f64',
): { readonly outputs: readonly number[]; readonly additions: readonly Addition[] } {
  const { graph } = program;
  const round = dtype === 'f32' ? Math.fround : (x: number): number => x;
  const knownWords = new Map<number, bigint>();
  const knownReals = new Map<number, number>();

  const word = (id: number): bigint => {
    const known = knownWords.get(id) ?? ((meantWord(graph.at(id)) % modulus) + modulus) % modulus;
    knownWords.set(id, known);
    return known;
  };
  const real = (id: number): number => {
    const known = knownReals.get(id) ?? round(meantReal(graph.at(id)));
    knownReals.set(id, known);
    return known;
  };

  const meantWord = ({ op, args, value }: Node): bigint => {
    if (op === 'row') return BigInt(entry.row);
    if (op === 'col') return BigInt(entry.col);
    if (op === 'word') return BigInt(value);
    if (op === 'uniform') return BigInt(entry.uniforms?.[value] as number);
    const [a, b] = args as [number, number | undefined];
    return (words[op as WordOp] as WordMeaning)(word(a), b === undefined ? 0n : word(b), BigInt(value));
  };
  const meantReal = ({ op, args, value }: Node): number => {
    const [a, b, c] = args as [number, number, number];
    if (op === 'real') return value;
    if (op === 'scalar') return entry.scalars?.[value] as number;
    if (op === 'input') return entry.inputs?.[value] as number;
    if (op === 'at') return storedAt(entry.stored?.[value] as ArrayLike<number>, Number(word(a)));
    if (op === 'asSign') return word(a) % 2n === 0n ? 1 : -1;
    if (op === 'asReal') return Number(word(a));
    if (op === 'select') return word(a) === 0n ? real(c) : real(b);
    if (op === 'ifPositive') return real(a) > 0 ? real(b) : real(c);
    if (op === 'surrogate') return real(a);
    return (reals[op as RealOp] as RealMeaning)(real(a), b === undefined ? 0 : real(b));
  };

  return {
    outputs: program.outputs.map(real),
    additions: program.sinks.map(({ slot, index, value }) => ({
      slot,
      index: Number(word(index)),
      value: real(value),
    })),
  };
}

function storedAt(stored: ArrayLike<number>, index: number): number {
  if (index >= stored.length)
    throw new ArgumentError({
      operation: 'evaluateEntry',
      expected: `an index below ${stored.length}`,
      actual: String(index),
    });
  return stored[index] as number;
}
