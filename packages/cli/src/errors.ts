import { FunhashError } from '@funhash/hashing';
import type { EndingSignal } from './terminal/interrupt.ts';

/** A command line or a configuration that cannot be obeyed: exit code 2. */
export class UsageError extends FunhashError {}

/** Stopped by a signal; what was done so far is kept: exit code 128 and the number of the signal. */
export class InterruptedError extends Error {
  readonly signal: EndingSignal;

  constructor(message: string, signal: EndingSignal) {
    super(message);
    this.name = 'InterruptedError';
    this.signal = signal;
  }
}

/** Results that could not be printed, as where the disk of their file is full: exit code 1. */
export class OutputError extends FunhashError {}

/** A run whose loss or parameters were no longer finite; the message says where, and what to do: exit code 1. */
export class DivergedRunError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DivergedRunError';
  }
}
