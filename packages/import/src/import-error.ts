import { type ErrorDetails, FunhashError } from '@funhash/hashing';

export interface ImportErrorDetails extends ErrorDetails {
  /** The node of the graph that was looked at, by its name or its first output. */
  readonly node?: string;
  /** What that node computes, such as `Conv`. */
  readonly op?: string;
  /** Place of the fault in the file. */
  readonly byteOffset?: number;
}

/** A file that is damaged, hostile, or holds what cannot become a network of funhash. */
export class ImportError extends FunhashError {
  readonly node: string | undefined;
  readonly op: string | undefined;
  readonly byteOffset: number | undefined;

  constructor({ node, op, byteOffset, ...details }: ImportErrorDetails, options?: ErrorOptions) {
    super(details, options);
    this.node = node;
    this.op = op;
    this.byteOffset = byteOffset;
  }
}
