import { type ErrorDetails, FunhashError } from '@funhash/hashing';

/** Bytes that are not what their format says. */
export class DataFormatError extends FunhashError {
  /** Source of the bytes: a file path or the caller's own name for them. */
  readonly source: string;
  /** Offset of the first byte that cannot be right. */
  readonly byteOffset: number;

  constructor(source: string, byteOffset: number, details: ErrorDetails, options?: ErrorOptions) {
    super({ ...details, actual: `${details.actual} at byte ${byteOffset} of ${source}` }, options);
    this.source = source;
    this.byteOffset = byteOffset;
  }
}

/** A well-formed file whose checksum is not the published one. */
export class ChecksumError extends FunhashError {
  readonly source: string;

  constructor(source: string, details: ErrorDetails) {
    super({ ...details, actual: `${details.actual} of ${source}` });
    this.source = source;
  }
}

/** A data set that is not on this machine; the message tells how to get it. */
export class DataAbsentError extends FunhashError {}

/** A file that the system does not let be read: a folder, a pipe, one of another user. The cause is the system's error. */
export class DataFileError extends FunhashError {
  /** The path of the file. */
  readonly source: string;

  constructor(source: string, details: ErrorDetails, options?: ErrorOptions) {
    super({ ...details, actual: `${details.actual} at ${source}` }, options);
    this.source = source;
  }
}
