import type { Program } from '@funhash/formula';
import type { WordNotation } from './words.ts';

/** What a value is: an exact word of 32 bits, or a real, in shaders a float. */
export type ValueType = 'word' | 'real';

/** The functions of one real that a language has, or is given. */
export type RealFunction = 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'abs' | 'floor';

/**
 * A language that programs are written in: all that one language does otherwise than another. Expressions of
 * arithmetic and comparison, calls, assignments and `if` are written alike in all of them.
 */
export interface Language {
  readonly name: string;
  /** The notation of the words of one program: unsigned integers, or limbs of 16 bits where there are only floats. */
  words(program: Program): WordNotation;
  /** Definitions that the words need, once in a text. */
  readonly wordPrelude: string;
  /** The declaration of a local that is never assigned again. */
  constant(name: string, value: string, type?: ValueType): string;
  /** The declaration of a real outside of functions, through which one function leaves a result for others. */
  shared(name: string): string;
  /** A function of reals that returns a real, of the lines of its body. */
  define(name: string, parameters: readonly string[], body: readonly string[]): string;
  /** A number as a literal of f32, to its nearest value; NaN and infinities, too. */
  literal(value: number): string;
  /** The expression that is `yes` where a condition holds, else `no`. */
  choose(condition: string, yes: string, no: string): string;
  /** The larger of two reals, NaN where one is, for languages that have it; default by `choose`. */
  maximum?(a: string, b: string): string;
  /** The call of a function of one real. */
  call(name: RealFunction, x: string): string;
}

/** A finite number in decimal digits with a point or an exponent, to its nearest f32; negative ones in parentheses. */
export function decimal(value: number): string {
  const text = Object.is(value, -0) ? '-0.0' : String(Math.fround(value));
  const literal = /[.e]/.test(text) ? text : `${text}.0`;
  return literal.startsWith('-') ? `(${literal})` : literal;
}

/** The ternary operator, as scripts, shaders of WebGL and C have it. */
export const ternary = (condition: string, yes: string, no: string): string =>
  `(${condition}) ? ${yes} : ${no}`;

/** The text of a function, of its head and the lines of its body. */
export const block = (head: string, body: readonly string[]): string =>
  `${head} {\n${body.map((line) => `  ${line}`).join('\n')}\n}`;
