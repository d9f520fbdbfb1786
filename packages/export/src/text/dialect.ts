import type { Language } from '@funhash/codegen';
import type { DType } from '@funhash/tensor';

/** What scripts and C write otherwise than one another, besides programs. */
export interface Dialect {
  readonly language: Language;
  /** Whether products are formed by vectors of four floats. Default false. */
  readonly vectors?: boolean;
  /** Sums that a product forms at once. */
  readonly sums: number;
  /** Channels, or vectors of four of them, that a product takes at once at most. Default: as many as there are sums for. */
  readonly channels?: number;
  /** Whether operations that differ by numbers alone are one function of these numbers. Default false. */
  readonly shares?: boolean;
  /** The head of a loop over a name from 0, a step at a time. */
  loop(name: string, extent: number | string, step?: number): string;
  /** The declaration of a whole number, or of one that is assigned again. */
  integer(name: string, value: string): string;
  counter(name: string, value: string): string;
  /** The declaration of a real that is assigned again. */
  real(name: string, value: string): string;
  /** The parameter of a function. */
  parameter(name: string, type: 'word' | 'real' | 'integer'): string;
  /** A whole number outside of functions, which they assign. */
  state(name: string, value: number): string;
  /** The whole quotient of two numbers ≥ 0. */
  quotient(a: string, b: string): string;
  /** A function that returns a real, a whole number, or nothing. */
  define(
    name: string,
    parameters: readonly string[],
    body: string,
    gives: 'real' | 'integer' | 'nothing',
  ): string;
  /** The element of an array. */
  element(array: string, index: string): string;
  /** A real or whole number as a value of a dtype. */
  convert(value: string, from: DType, to: DType): string;
  /** The largest finite bounds of a dtype, as literals: what maxima begin with. */
  least(dtype: DType): string;
  most(dtype: DType): string;
  /** A call of a function of one real. */
  call(name: 'exp' | 'log', x: string): string;
  /** What is done with a row number outside of a matrix; the name of a variable, then the number of rows. */
  checkIndex(name: string, limit: number): string;
  /** The number of ones of a word of 32 bits. */
  ones(word: string): string;
  /** A word of bits, shifted and joined as 32 bits. */
  bit(condition: string, at: string): string;
}
