import type { Node } from '@funhash/formula';
import { type Language, ternary } from './language.ts';
import { uniformNames, type WordNotation } from './words.ts';

/** The operations of two words that languages with unsigned integers spell each in their own way. */
export type WordOperation =
  | 'add'
  | 'mul'
  | 'xor'
  | 'and'
  | 'or'
  | 'shl'
  | 'shr'
  | 'below'
  | 'div'
  | 'rem'
  | 'group'
  | 'lane';

/** How a language writes unsigned integers of 32 bits; operands are names or literals. */
export interface UnsignedSyntax {
  literal(value: number): string;
  /** A word from a real that is one. */
  ofReal(x: string): string;
  asReal(word: string): string;
  /** 1 or −1 by bit 0, a real. */
  asSign(word: string): string;
  /**
   * Operations modulo 2^32; `below` is the high word of a product. `div` and `rem` give 0 by zero; `group` and `lane` are
   * quotient and remainder by a literal that is not zero.
   */
  readonly operations: Readonly<Record<WordOperation, (a: string, b: string) => string>>;
}

const infix = (operator: string) => (a: string, b: string) => `${a} ${operator} ${b}`;

/**
 * Operations as C and shaders spell them alike.
 *
 * @param divisor a divisor as one that is not 0, where it is not known
 */
export const infixOperations = (divisor: (word: string) => string) => {
  const unlessZero = (operator: string) => (a: string, b: string) =>
    ternary(`${b} == 0u`, '0u', `${a} ${operator} ${divisor(b)}`);
  return {
    add: infix('+'),
    mul: infix('*'),
    xor: infix('^'),
    and: infix('&'),
    or: infix('|'),
    shl: infix('<<'),
    shr: infix('>>'),
    div: unlessZero('/'),
    rem: unlessZero('%'),
    group: infix('/'),
    lane: infix('%'),
  };
};

/** Words as the unsigned integers of a language that has them. */
export class NativeWords implements WordNotation {
  readonly #language: Language;
  readonly #syntax: UnsignedSyntax;

  constructor(language: Language, syntax: UnsignedSyntax) {
    this.#language = language;
    this.#syntax = syntax;
  }

  write({ id, op, args, value }: Node): string[] {
    const [a, b] = args.map((arg) => `w${arg}`) as [string, string];
    return [this.#language.constant(`w${id}`, this.#expression(op, a, b, value), 'word')];
  }

  asIndex(id: number): string {
    return `w${id}`;
  }

  asNumber(id: number): string {
    return this.#syntax.asReal(`w${id}`);
  }

  asSign(id: number): string {
    return this.#syntax.asSign(`w${id}`);
  }

  asTruth(id: number): string {
    return this.#language.choose(`w${id} == ${this.#syntax.literal(0)}`, '0.0', '1.0');
  }

  #expression(op: Node['op'], a: string, b: string, value: number): string {
    const { literal, ofReal, operations } = this.#syntax;
    const isTrue = (condition: string): string => this.#language.choose(condition, literal(1), literal(0));
    switch (op) {
      case 'row':
      case 'col':
        return ofReal(op);
      case 'word':
        return literal(value);
      case 'uniform': {
        const [low, high] = uniformNames(value).map(ofReal) as [string, string];
        return operations.or(low, `(${operations.shl(high, literal(16))})`);
      }
      case 'shl':
      case 'shr':
      case 'group':
      case 'lane':
        return operations[op](a, literal(value));
      case 'rotl': {
        const [up, down] = [operations.shl(a, literal(value)), operations.shr(a, literal((32 - value) & 31))];
        return operations.or(`(${up})`, `(${down})`);
      }
      case 'equal':
        return a === b ? literal(1) : isTrue(`${a} == ${b}`);
      case 'less':
        return a === b ? literal(0) : isTrue(`${a} < ${b}`);
      default:
        return operations[op as WordOperation](a, b);
    }
  }
}
