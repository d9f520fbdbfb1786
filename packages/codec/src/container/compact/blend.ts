import type { BitPort } from './bit-port.ts';

/** How counts of an order are used. */
export interface Order {
  /** Bits that what an order before says counts for. */
  readonly trust: number;
  /** Whether a bit halves what counts of the other one are above 2. */
  readonly forgets: boolean;
}

/**
 * A model of bits: the chance of a 1 is blended from counts in contexts, from the one that says least to the one that says most,
 * p = (ones + t p′) / (ones + zeros + t) with p′ that of the one before and t its trust. All by exact arithmetic: every engine finds the same.
 */
export class Blend {
  readonly #trust: Float64Array;
  readonly #forgets: readonly boolean[];
  readonly #placeBits: number;
  readonly #counts: Uint8Array;
  readonly #places: Int32Array;
  /** Places that were written since `mark`, each once, and what they held, two by two. */
  #journal: number[] | undefined;
  /** A bit for each place that the journal has: a long text of few contexts writes to few places, many times. */
  #noted: Uint8Array | undefined;

  /**
   * @param orders of the contexts of a bit, the one that says least first
   * @param placeBits binary logarithm of the places that contexts of an order are hashed to; many more than there are contexts
   */
  constructor(orders: readonly Order[], placeBits: number) {
    this.#trust = Float64Array.from(orders, ({ trust }) => trust);
    this.#forgets = orders.map(({ forgets }) => forgets);
    this.#placeBits = placeBits;
    this.#counts = new Uint8Array(orders.length << (placeBits + 1));
    this.#places = new Int32Array(orders.length);
  }

  /**
   * Codes a bit and learns it.
   *
   * @param contexts a 32-bit word for each order
   */
  code(port: BitPort, contexts: Int32Array, given: number): number {
    const [counts, places, placeBits, trusts] = [this.#counts, this.#places, this.#placeBits, this.#trust];
    let p = 0.5;
    for (let k = 0; k < places.length; k++) {
      const place = ((k << placeBits) | (mixed(contexts[k] as number) >>> (32 - placeBits))) << 1;
      places[k] = place;
      const [zeros, ones, trust] = [
        counts[place] as number,
        counts[place + 1] as number,
        trusts[k] as number,
      ];
      p = (ones + trust * p) / (ones + zeros + trust);
    }
    const bit = port.bit(Math.max(64, Math.min(65472, Math.floor(p * 65536))), given);
    for (let k = 0; k < places.length; k++)
      this.#learn(places[k] as number, bit, this.#forgets[k] as boolean);
    return bit;
  }

  /** Begins to note what is learned. */
  mark(): void {
    this.#journal = [];
    this.#noted ??= new Uint8Array(this.#counts.length >> 4);
  }

  /** Forgets what was learned since `mark`. */
  reset(): void {
    const journal = this.#journal ?? [];
    for (let k = journal.length - 2; k >= 0; k -= 2) {
      const [place, held] = [journal[k] as number, journal[k + 1] as number];
      this.#counts[place] = held >> 8;
      this.#counts[place + 1] = held & 255;
      (this.#noted as Uint8Array)[place >> 4] = 0;
    }
    this.#journal = undefined;
  }

  #note(place: number): void {
    const [journal, noted] = [this.#journal, this.#noted];
    if (!journal || !noted) return;
    const [at, flag] = [place >> 4, 1 << ((place >> 1) & 7)];
    if ((noted[at] as number) & flag) return;
    noted[at] = (noted[at] as number) | flag;
    journal.push(place, ((this.#counts[place] as number) << 8) | (this.#counts[place + 1] as number));
  }

  #learn(place: number, bit: number, forgets: boolean): void {
    const counts = this.#counts;
    const [at, other] = [place + bit, place + (bit ^ 1)];
    this.#note(place);
    let [seen, rest] = [counts[at] as number, counts[other] as number];
    if (seen === 255) [seen, rest] = [128, rest >> 1];
    counts[at] = seen + 1;
    counts[other] = forgets && rest > 2 ? 2 + ((rest - 2) >> 1) : rest;
  }
}

/** The finaliser of murmur3. */
function mixed(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
