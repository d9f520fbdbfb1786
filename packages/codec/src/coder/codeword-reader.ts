import { checkArgument, checkOptions, option, requireBytes } from '@funhash/hashing';
import { refuseAs } from './bitstream-error.ts';
import { CodewordDecoder } from './engine/codeword-decoder.ts';
import { type LevelOptions, layoutOf, levelRules, mostElements } from './levels/level-options.ts';
import { fromScan } from './levels/scan.ts';

const operation = 'CodewordReader';

/** Reads what a `CodewordWriter`, or the standard's reference coder, wrote, in the same order and with the same options. */
export class CodewordReader {
  readonly #decoder: CodewordDecoder;

  /** @throws BitstreamError for fewer than two bytes; ArgumentError for what is no bytes */
  constructor(bytes: Uint8Array) {
    this.#decoder = new CodewordDecoder(requireBytes(operation, 'bytes', bytes), refuseAs(operation));
  }

  /**
   * The number that `bits` wrote in so many bits, 1 to 31.
   *
   * @throws BitstreamError where the codeword ends before
   */
  bits(count: number): number {
    checkArgument(`${operation}.bits`, 'count', option.integer({ least: 1, most: 31 }), count);
    return this.#decoder.bits(count);
  }

  /**
   * The next so many levels, row-major. Memory is taken for them at once: the count must come from where it was checked.
   *
   * @throws BitstreamError where the codeword ends before, or a level has more than 32 bits
   */
  levels(count: number, options: LevelOptions = {}): Int32Array {
    const name = `${operation}.levels`;
    checkArgument(name, 'count', option.integer({ most: mostElements }), count);
    checkOptions(name, levelRules, options);
    const layout = layoutOf(name, count, options);
    const levels = new Int32Array(count);
    this.#decoder.levels(levels, layout);
    return fromScan(levels, layout.extents, layout.scan);
  }

  /**
   * The end of the codeword.
   *
   * @returns its length in bytes: more may follow
   * @throws BitstreamError where the codeword does not end here
   */
  finish(): number {
    return this.#decoder.finish();
  }
}
