import { ArgumentError, FunhashError } from '@funhash/hashing';

/** A run that cannot be as it was asked for: a name that does not exist, sizes that do not fit, too few examples. */
export class SpecError extends ArgumentError {}

/** A file or a folder that cannot be read or written, or does not hold what it should. */
export class FileError extends FunhashError {
  /** Code of the system, such as ENOSPC; undefined where the contents are wrong. */
  readonly code: string | undefined;

  constructor(details: FunhashError['details'], options: ErrorOptions & { readonly code?: string } = {}) {
    super(details, options);
    this.code = options.code;
  }
}
