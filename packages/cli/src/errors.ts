import { ModelFileError } from '@funhash/codec';
import { BitstreamError } from '@funhash/codec/update';
import { ChecksumError, DataAbsentError, DataFileError, DataFormatError } from '@funhash/datasets';
import { FileError, isFileFault } from '@funhash/experiments';
import { ArgumentError, FunhashError } from '@funhash/hashing';
import { PictureError } from '@funhash/images';
import { DTypeError, ShapeError } from '@funhash/tensor';
import { CheckpointError } from '@funhash/training';
import { codeAfter, type EndingSignal } from './terminal/interrupt.ts';

/** What the shell is told; after a signal 128 and its number, of which 130 is that of Ctrl-C. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

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

/** Errors that say: what was given cannot be used. Another flag, or another file, helps; the same again does not. */
const ofWhatIsGiven = [
  UsageError,
  ArgumentError,
  ShapeError,
  DTypeError,
  ModelFileError,
  BitstreamError,
  PictureError,
  CheckpointError,
  ChecksumError,
  DataAbsentError,
  DataFileError,
  DataFormatError,
  FileError,
] as const;

/** What the system says of a path that cannot be meant; all else is trouble of the machine, such as a full disk. */
const ofPaths: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS'],
  ...['EEXIST', 'ENOTEMPTY', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'],
]);

/** What an error means to whoever started the command: the one place that decides it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return codeAfter(error.signal);
  const code = systemCodeIn(error);
  if (code !== undefined) return ofPaths.has(code) ? exitCodes.usage : exitCodes.failure;
  return ofWhatIsGiven.some((kind) => error instanceof kind) ? exitCodes.usage : exitCodes.failure;
}

/** The code of the system behind an error, if it is one of files. */
function systemCodeIn(error: unknown): string | undefined {
  for (let [cause, depth] = [error, 0]; cause instanceof Error && depth < 8; cause = cause.cause, depth++)
    if (isFileFault(cause)) return cause.code;
  return undefined;
}
