import type { Exports, Signature } from '../assembler/module-builder.ts';

/** A compiled function, as it is called from script. */
export interface LinkedFunction extends Signature {
  readonly call: (...args: number[]) => number;
}

/** A call of a compiled function with its arguments. */
export interface FixedCall {
  readonly callee: LinkedFunction;
  readonly args: readonly number[];
}

/** The functions of a module: called at once, or by each of the workers later. */
export interface Linked<Name extends string> {
  readonly here: Exports<Name>;
  readonly later: readonly Exports<Name>[];
}

/**
 * A place where a share of a kernel runs. The code of a kernel is the same for the calling thread, whose calls are made at
 * once, and for a worker, whose calls are written down and made while the calling thread does its own share.
 */
export interface Thread {
  /** The functions of a module as this thread calls them. */
  functions<Name extends string>(linked: Linked<Name>): Exports<Name>;
  /** A block of memory that is this share's own until all its calls are made. */
  withBlock<T>(bytes: number, use: (address: number) => T): T;
  /** The address of at least `bytes` bytes that hold the operands of one call. */
  operands(bytes: number): number;
}
