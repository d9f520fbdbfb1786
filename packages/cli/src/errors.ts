import { FunhashError } from '@funhash/hashing';

/** A command line or a configuration that cannot be obeyed: exit code 2. */
export class UsageError extends FunhashError {}

/** Stopped by the user; what was done so far is kept: exit code 130. */
export class InterruptedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InterruptedError';
  }
}

/** A run whose loss or parameters were no longer finite; the message says where, and what to do: exit code 1. */
export class DivergedRunError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DivergedRunError';
  }
}
