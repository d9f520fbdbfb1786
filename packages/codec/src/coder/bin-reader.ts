import { checkArgument, requireBytes } from '@funhash/hashing';
import { contextsRule, requireContext } from './bin-writer.ts';
import { refuseAs } from './bitstream-error.ts';
import { CodewordDecoder } from './engine/codeword-decoder.ts';
import { newBinContexts } from './engine/tables.ts';

const operation = 'BinReader';

/** Reads what a `BinWriter` wrote, in the same order and with the same contexts. */
export class BinReader {
  readonly #decoder: CodewordDecoder;
  readonly #contexts: Int32Array;
  readonly #count: number;

  /**
   * @param contexts as many as the writer had
   * @throws BitstreamError for fewer than two bytes; ArgumentError for what is no bytes
   */
  constructor(bytes: Uint8Array, contexts: number) {
    checkArgument(operation, 'contexts', contextsRule, contexts);
    this.#decoder = new CodewordDecoder(requireBytes(operation, 'bytes', bytes), refuseAs(operation));
    this.#count = contexts;
    this.#contexts = newBinContexts(contexts);
  }

  /**
   * The next bin.
   *
   * @throws BitstreamError where the codeword ends before; ArgumentError for a context that there is not
   */
  bin(context: number): 0 | 1 {
    requireContext(operation, context, this.#count);
    return this.#decoder.bin(this.#contexts, context);
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
