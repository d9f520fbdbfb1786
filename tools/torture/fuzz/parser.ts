import type { Draw } from './draw.ts';

/** A reader of something from outside, and what changes its input. */
export interface Parser {
  readonly name: string;
  /** How many inputs it gets, beside the shares of others: more where reading takes less time. */
  readonly share: number;
  /** Valid inputs, made by the library itself. */
  samples(): Promise<readonly Uint8Array[]>;
  /** An input like a sample, damaged where it reaches far: lengths, checksums and counts may be right again. */
  change(sample: Uint8Array, draw: Draw): Uint8Array;
  /**
   * Reads an input, and a little of what came of it.
   *
   * @param folder for files; what is in it is overwritten by the next input
   * @throws what the library throws
   */
  read(input: Uint8Array, folder: string): Promise<void> | void;
}
