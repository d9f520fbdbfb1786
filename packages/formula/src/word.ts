import { ArgumentError, below, type WordOps } from '@funhash/hashing';
import type { Graph, WordOp } from './graph.ts';
import { Real } from './real.ts';

type Evaluate = (a: number, b: number) => number;

/** What each pure word operation means on two unsigned numbers; shifts and lanes get their constant as `b`. */
export const wordMeaning = {
  add: (a, b) => (a + b) >>> 0,
  mul: (a, b) => Math.imul(a, b) >>> 0,
  xor: (a, b) => (a ^ b) >>> 0,
  and: (a, b) => (a & b) >>> 0,
  or: (a, b) => (a | b) >>> 0,
  shl: (a, b) => (a << b) >>> 0,
  shr: (a, b) => a >>> b,
  rotl: (a, b) => ((a << b) | (a >>> ((32 - b) & 31))) >>> 0,
  below: (a, b) => below(a, b),
  div: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
  rem: (a, b) => (b === 0 ? 0 : a % b),
  group: (a, b) => Math.floor(a / b),
  lane: (a, b) => a % b,
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
} as const satisfies Partial<Record<WordOp, Evaluate>>;

type PureWordOp = keyof typeof wordMeaning;

const leavesLeftAloneByZero: ReadonlySet<PureWordOp> = new Set<PureWordOp>([
  'add',
  'xor',
  'or',
  'shl',
  'shr',
  'rotl',
]);

/** An exact unsigned 32-bit expression. All arithmetic is modulo 2^32; a number operand is taken modulo 2^32. */
export class Word {
  readonly graph: Graph;
  readonly id: number;

  constructor(graph: Graph, id: number) {
    this.graph = graph;
    this.id = id;
  }

  static constant(graph: Graph, value: number): Word {
    return new Word(graph, graph.node('word', [], value >>> 0));
  }

  plus(other: Word | number): Word {
    return this.#combine('add', other);
  }

  minus(other: Word | number): Word {
    return this.plus(typeof other === 'number' ? -other : other.times(0xffffffff));
  }

  times(other: Word | number): Word {
    const right = this.#constantOf(other);
    if (right === 1) return this;
    return this.#combine('mul', other);
  }

  xor(other: Word | number): Word {
    return this.#combine('xor', other);
  }

  and(other: Word | number): Word {
    return this.#combine('and', other);
  }

  or(other: Word | number): Word {
    return this.#combine('or', other);
  }

  /** Logical shifts and rotation by a constant 0–31. */
  shl(bits: number): Word {
    return this.#immediate('shl', bits, 31);
  }

  shr(bits: number): Word {
    return this.#immediate('shr', bits, 31);
  }

  rotl(bits: number): Word {
    return this.#immediate('rotl', bits, 31);
  }

  /** floor(this · n / 2^32): maps a hash to 0 … n − 1 by its high bits, exactly, without a division. */
  below(n: Word | number): Word {
    return this.#combine('below', n);
  }

  /** floor(this / n). Backends may ask that n is a constant. */
  div(n: Word | number): Word {
    return this.#combine('div', n);
  }

  /** this mod n. Backends may ask that n is a constant. */
  rem(n: Word | number): Word {
    return this.#combine('rem', n);
  }

  /** floor(this / n) for a constant n: the number of the block of n neighbours. */
  group(n: number): Word {
    return this.#immediate('group', n, 0xffffffff, 1);
  }

  /** this mod n for a constant n: the place within the block. An index `base + lane` whose base uses only `group` is a run. */
  lane(n: number): Word {
    return this.#immediate('lane', n, 0xffffffff, 1);
  }

  /** 1 where equal, else 0. */
  equals(other: Word | number): Word {
    return this.#combine('equal', other);
  }

  /** 1 where this < other (unsigned), else 0. */
  lessThan(other: Word | number): Word {
    return this.#combine('less', other);
  }

  /** +1 where bit 0 is clear, −1 where it is set. */
  asSign(): Real {
    return Real.from(this.graph, this.graph.node('asSign', [this.id]));
  }

  /** The word as a real number 0 … 2^32 − 1, rounded to the precision of the evaluation. */
  asReal(): Real {
    return Real.from(this.graph, this.graph.node('asReal', [this.id]));
  }

  /** `whenTrue` where this word is not 0, else `whenFalse`. */
  select(whenTrue: Real | number, whenFalse: Real | number): Real {
    return Real.select(this.graph, this.id, whenTrue, whenFalse);
  }

  #constantOf(other: Word | number): number | undefined {
    if (typeof other === 'number') return other >>> 0;
    this.graph.requireOwn(other);
    const node = this.graph.at(other.id);
    return node.op === 'word' ? node.value : undefined;
  }

  #combine(op: PureWordOp, other: Word | number): Word {
    const left = this.#constantOf(this);
    const right = this.#constantOf(other);
    if (left !== undefined && right !== undefined)
      return Word.constant(this.graph, wordMeaning[op](left, right));
    if (right === 0 && leavesLeftAloneByZero.has(op)) return this;
    if (op === 'add' && right !== undefined) {
      const merged = this.#mergeAddedConstants(right);
      if (merged) return merged;
    }
    const operand = typeof other === 'number' ? Word.constant(this.graph, other) : other;
    return new Word(this.graph, this.graph.node(op, [this.id, operand.id]));
  }

  // (x + c) + d is x + (c + d): seeds of several hashes differ by constants, so their sums fold into one node each.
  #mergeAddedConstants(added: number): Word | undefined {
    const node = this.graph.at(this.id);
    if (node.op !== 'add') return undefined;
    const [base, constant] = node.args as [number, number];
    const right = this.graph.at(constant);
    if (right.op !== 'word') return undefined;
    return new Word(this.graph, base).plus(right.value + added);
  }

  #immediate(op: PureWordOp, value: number, most: number, least = 0): Word {
    if (!Number.isInteger(value) || value < least || value > most)
      throw new ArgumentError({
        operation: `formula ${op}`,
        expected: `a constant from ${least} to ${most}`,
        actual: String(value),
      });
    const left = this.#constantOf(this);
    if (left !== undefined) return Word.constant(this.graph, wordMeaning[op](left, value));
    if (value === 0) return this;
    return new Word(this.graph, this.graph.node(op, [this.id], value));
  }
}

/** The algebra that turns any hash formula into expression nodes of `graph`. */
export function symbolicWords(graph: Graph): WordOps<Word> {
  return {
    constant: (value) => Word.constant(graph, value),
    add: (a, b) => a.plus(b),
    mul: (a, b) => a.times(b),
    xor: (a, b) => a.xor(b),
    and: (a, b) => a.and(b),
    or: (a, b) => a.or(b),
    shl: (a, bits) => a.shl(bits),
    shr: (a, bits) => a.shr(bits),
    rotl: (a, bits) => a.rotl(bits),
  };
}
