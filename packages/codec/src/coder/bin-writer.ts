import { ArgumentError, checkArgument, option } from '@funhash/hashing';
import { BinEncoder } from './engine/bin-encoder.ts';
import { newBinContexts } from './engine/tables.ts';

const operation = 'BinWriter';

/** Entries that wait for the encoder, which is quicker with many at once. */
const waitingEntries = 4096;

export const contextsRule = option.integer({ least: 1, most: 2 ** 16 });

/**
 * A codeword of bins, each 0 or 1, by the adaptive binary arithmetic coder of ISO/IEC 15938-17: whoever writes chooses the context of
 * each, which learns how probable a 1 is in it. `BinReader` reads what was written in the same order with the same contexts.
 */
export class BinWriter {
  readonly #encoder = new BinEncoder();
  readonly #contexts: Int32Array;
  readonly #count: number;
  readonly #entries = new Int32Array(waitingEntries);
  #waiting = 0;
  #isEnded = false;

  /** @param contexts how many there are, 1 to 2¹⁶; each begins at probability ½ */
  constructor(contexts: number) {
    checkArgument(operation, 'contexts', contextsRule, contexts);
    this.#count = contexts;
    this.#contexts = newBinContexts(contexts);
  }

  /**
   * Appends a bin.
   *
   * @param context from 0 on
   * @returns the bin
   * @throws ArgumentError for a context that there is not, and behind the end
   */
  bin(context: number, bin: 0 | 1): 0 | 1 {
    requireContext(operation, context, this.#count);
    if (this.#isEnded) ended();
    if (this.#waiting === waitingEntries) this.#flush();
    const value = bin === 0 ? 0 : 1;
    this.#entries[this.#waiting++] = 2 * context + value;
    return value;
  }

  /** Ends the codeword and returns its bytes. Nothing can be appended behind it. @throws ArgumentError behind the end */
  finish(): Uint8Array {
    if (this.#isEnded) ended();
    this.#isEnded = true;
    this.#flush();
    return this.#encoder.finish();
  }

  #flush(): void {
    this.#encoder.encode(this.#entries, this.#waiting, this.#contexts);
    this.#waiting = 0;
  }
}

/** @throws ArgumentError */
export function requireContext(name: string, context: number, count: number): void {
  if (!(Number.isInteger(context) && context >= 0 && context < count))
    checkArgument(`${name}.bin`, 'context', option.integer({ most: count - 1 }), context);
}

function ended(): never {
  throw new ArgumentError({
    operation,
    expected: 'a codeword that is not finished',
    actual: 'one that is',
    remedy: 'Make a new BinWriter.',
  });
}
