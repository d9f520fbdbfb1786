import type { BitPort } from './bit-port.ts';
import { Blend, type Order } from './blend.ts';
import { dictionary } from './dictionary.ts';

// What a compact file is made of, stated once for both directions: where a port reads, what is given is not looked at.

/** Bytes in front of a byte that its orders look at. */
const textOrders: readonly number[] = [1, 2, 3, 4, 6, 9];
const ofText: Order = { trust: 1, forgets: true };
const primed: BitPort = { bit: (_, bit) => bit };

/** A model that has seen the dictionary: made once, and after each use as it was. */
let seasoned: Blend | undefined;

/** The text in front of a file, as UTF-8 up to a byte 0. */
export class Texts {
  readonly #model: Blend;
  readonly #contexts = new Int32Array(textOrders.length);
  readonly #hashes = new Int32Array(textOrders.length);
  /** The bytes before, the last one first. */
  readonly #seen = new Uint8Array(textOrders.at(-1) as number);

  private constructor(model: Blend) {
    this.#model = model;
  }

  /**
   * Codes a text.
   *
   * @param most bytes that a text may have where it is read; `tooLong` ends what has more
   */
  static code(port: BitPort, given: string, most: number, tooLong: () => never): string {
    if (!seasoned) {
      seasoned = new Blend(
        textOrders.map(() => ofText),
        20,
      );
      const first = new Texts(seasoned);
      for (const byte of new TextEncoder().encode(dictionary)) first.#byte(primed, byte);
    }
    const texts = new Texts(seasoned);
    seasoned.mark();
    try {
      return texts.#text(port, new TextEncoder().encode(given), most, tooLong);
    } finally {
      seasoned.reset();
    }
  }

  #text(port: BitPort, bytes: Uint8Array, most: number, tooLong: () => never): string {
    const found: number[] = [];
    for (;;) {
      const byte = this.#byte(port, bytes[found.length] ?? 0);
      if (byte === 0)
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(found));
      if (found.push(byte) > most) tooLong();
    }
  }

  #byte(port: BitPort, given: number): number {
    const [seen, hashes, contexts] = [this.#seen, this.#hashes, this.#contexts];
    for (let k = 0; k < hashes.length; k++) {
      const order = textOrders[k] as number;
      let hash = order;
      for (let back = 0; back < order; back++) hash = Math.imul(hash ^ (seen[back] as number), 0x01000193);
      hashes[k] = Math.imul(hash, 0x9e3779b1);
    }
    let node = 1;
    for (let bit = 7; bit >= 0; bit--) {
      const salt = Math.imul(node, 0x2545f491);
      for (let k = 0; k < hashes.length; k++) contexts[k] = (hashes[k] as number) ^ salt;
      node = 2 * node + this.#model.code(port, contexts, (given >> bit) & 1);
    }
    seen.copyWithin(1, 0);
    seen[0] = node;
    return node & 255;
  }
}

/** Flags of a level above 1 before its remainder is told. */
const greaterFlags = 14;
const [zeroFlag, signFlag, firstGreater] = [0, 1, 2];
const remainderFlag = firstGreater + greaterFlags;
const decisions = 64;

/** Levels of tensors, their steps and bytes: what follows the text. */
export class Numbers {
  readonly #model = new Blend(
    [
      { trust: 1, forgets: false },
      { trust: 6, forgets: false },
    ],
    16,
  );
  readonly #contexts = new Int32Array(2);
  #tensors = 0;

  /** Whole numbers, in place: 0 or not, the sign, is it more than 1, 2, …, the rest by its length. */
  levels(port: BitPort, levels: Int32Array): void {
    const tensor = this.#tensors++;
    const flag = (decision: number, bit: boolean): boolean =>
      this.#code(port, decision, tensor, bit ? 1 : 0) === 1;
    for (let i = 0; i < levels.length; i++) {
      const given = levels[i] as number;
      if (!flag(zeroFlag, given !== 0)) {
        levels[i] = 0;
        continue;
      }
      const isNegative = flag(signFlag, given < 0);
      const size = Math.abs(given);
      let found = 1;
      while (found <= greaterFlags && flag(firstGreater + found - 1, size > found)) found++;
      if (found > greaterFlags) found += this.#rest(port, tensor, size - found);
      levels[i] = isNegative ? -found : found;
    }
  }

  /** A whole number from 0: the length of it and 1 in bits, and those behind the first (Elias gamma). At most 2²⁰. */
  #rest(port: BitPort, tensor: number, given: number): number {
    const value = given + 1;
    let length = 0;
    while (length < 20 && this.#code(port, remainderFlag + length, tensor, value >> (length + 1) > 0 ? 1 : 0))
      length++;
    let found = 1;
    for (let k = length - 1; k >= 0; k--) found = 2 * found + port.bit(32768, (value >> k) & 1);
    return found - 1;
  }

  /** Bytes, in place: each by those at its place in elements of `width` bytes. */
  bytes(port: BitPort, bytes: Uint8Array, width: number): void {
    const tensor = this.#tensors++;
    for (let i = 0; i < bytes.length; i++) {
      const given = bytes[i] as number;
      const context = decisions + 256 * (8 * width + (i % width));
      let node = 1;
      for (let bit = 7; bit >= 0; bit--)
        node = 2 * node + this.#code(port, context + node, tensor, (given >> bit) & 1);
      bytes[i] = node;
    }
  }

  /** A yes or no, by the others of its kind. */
  flag(port: BitPort, kind: number, given: boolean): boolean {
    return this.#code(port, decisions - 1 - kind, 0, given ? 1 : 0) === 1;
  }

  #code(port: BitPort, context: number, tensor: number, bit: number): number {
    this.#contexts[0] = context;
    this.#contexts[1] = Math.imul(tensor + 1, 0x01000193) ^ context;
    return this.#model.code(port, this.#contexts, bit);
  }
}
