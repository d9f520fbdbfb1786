import { ArgumentError, checkArgument, checkOptions, option } from '@funhash/hashing';
import { BinEncoder } from './engine/bin-encoder.ts';
import { startContexts } from './engine/tables.ts';
import { binarize, newCursor, newEntries } from './levels/binarize.ts';
import { chooseSets } from './levels/choose-sets.ts';
import { flagContext, hasSet, newContexts } from './levels/contexts.ts';
import {
  codedLevels,
  layoutOf,
  requireLevels,
  type WritingOptions,
  writingRules,
} from './levels/level-options.ts';
import { toScan } from './levels/scan.ts';

const operation = 'CodewordWriter';

/**
 * A codeword of DeepCABAC (ISO/IEC 15938-17, first edition): tensors of whole numbers and plain numbers, one behind the
 * other, by adaptive binary arithmetic coding. `CodewordReader` reads what was written in the same order.
 *
 * Bytes are those of the standard's reference coder with `optimize: false`, and with `reference: true`.
 */
export class CodewordWriter {
  readonly #encoder = new BinEncoder();
  #isEnded = false;

  /**
   * Appends a whole number from 0 to 2^count − 1 in so many bits, 1 to 31, at probability ½.
   *
   * @throws ArgumentError for another number
   */
  bits(count: number, value: number): void {
    this.#requireOpen();
    checkArgument(`${operation}.bits`, 'count', option.integer({ least: 1, most: 31 }), count);
    checkArgument(`${operation}.bits`, 'value', option.integer({ most: 2 ** count - 1 }), value);
    const contexts = new Int32Array(0);
    // An entry has at most 30 bits.
    if (count > 16) this.#encoder.encode(Int32Array.of(16 - count, value >>> 16), 2, contexts);
    const low = Math.min(16, count);
    this.#encoder.encode(Int32Array.of(-low, value & (2 ** low - 1)), 2, contexts);
  }

  /**
   * Appends the levels of a tensor, row-major, from −(2³¹ − 1) to 2³¹ − 1.
   *
   * @throws ArgumentError for −2³¹, for levels that are not as many as the shape has elements, and with `dependent` for
   *   those that no trellis admits
   */
  levels(levels: Int32Array, options: WritingOptions = {}): void {
    this.#requireOpen();
    const name = `${operation}.levels`;
    requireLevels(name, levels);
    checkOptions(name, writingRules, options);
    const { optimize = true, reference = false } = options;
    const layout = layoutOf(name, levels.length, options);
    const { greaterFlags, dependent, segment } = layout;
    const scanned = toScan(levels, layout.extents, layout.scan);
    const coded = codedLevels(name, scanned, dependent);
    const parities = dependent ? coded : undefined;
    const entries = newEntries(greaterFlags, levels.length);
    const contexts = newContexts(greaterFlags);
    const sets = optimize
      ? chooseSets({ levels: reference ? scanned : coded, parities, greaterFlags, segment, reference })
      : new Uint8Array(flagContext(greaterFlags));
    this.#sets(sets, dependent, entries, contexts);
    startContexts(contexts, sets);
    if (segment > 0) this.#encoder.resetRange();
    const cursor = newCursor();
    for (let from = 0; from < coded.length; from += segment || coded.length) {
      if (from > 0) {
        this.#encoder.resetRange();
        startContexts(contexts, sets);
        cursor.neighbor = 0;
      }
      const until = segment === 0 ? coded.length : Math.min(from + segment, coded.length);
      while (cursor.at < until) {
        const count = binarize(coded, until, greaterFlags, parities, cursor, entries);
        this.#encoder.encode(entries, count, contexts);
      }
    }
  }

  /** Ends the codeword and returns its bytes. Nothing can be appended behind it. */
  finish(): Uint8Array {
    this.#requireOpen();
    this.#isEnded = true;
    return this.#encoder.finish();
  }

  /** Flags and sets of all contexts that may have one. */
  #sets(sets: Uint8Array, dependent: boolean, entries: Int32Array, contexts: Int32Array): void {
    let count = 0;
    const flag = sets.length << 1;
    const flush = (): void => {
      this.#encoder.encode(entries, count, contexts);
      count = 0;
    };
    for (const [c, set] of sets.entries()) {
      if (!hasSet(c, dependent)) continue;
      if (set === 0) entries[count++] = flag;
      else {
        entries[count++] = flag | 1;
        entries[count++] = -3;
        entries[count++] = set - 1;
      }
    }
    flush();
  }

  #requireOpen(): void {
    if (this.#isEnded)
      throw new ArgumentError({
        operation,
        expected: 'a codeword that is not finished',
        actual: 'one that is',
        remedy: 'Make a new CodewordWriter.',
      });
  }
}
