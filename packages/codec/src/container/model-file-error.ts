import { type ErrorDetails, FunhashError, quoted } from '@funhash/hashing';

/** What a refused model file says besides the usual details: which file, and where in it. */
export interface ModelFileErrorDetails extends ErrorDetails {
  /** The file: a path, a URL, or `bytes in memory`. */
  readonly source: string;
  /** Place in the file, in bytes from its start. */
  readonly byteOffset?: number;
  /** The tensor that the refusal is about. */
  readonly tensor?: string;
}

/** A model file that cannot be read, written or trusted. */
export class ModelFileError extends FunhashError {
  readonly source: string;
  readonly byteOffset: number | undefined;
  readonly tensor: string | undefined;

  constructor(details: ModelFileErrorDetails, options?: ErrorOptions) {
    const where = [details.source];
    if (details.byteOffset !== undefined) where.push(`byte ${details.byteOffset}`);
    if (details.tensor !== undefined) where.push(`tensor ${quoted(details.tensor)}`);
    super({ ...details, actual: `${details.actual} (${where.join(', ')})` }, options);
    this.source = details.source;
    this.byteOffset = details.byteOffset;
    this.tensor = details.tensor;
  }
}
