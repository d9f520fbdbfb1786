import type { Refuse } from '../refuse.ts';

const mostBits = 31;

/** Reads what a `BitWriter` wrote. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.#bytes = bytes;
    this.#refuse = refuse;
  }

  /** The number in the next so many bits, 0 to 32. */
  bits(count: number): number {
    if (this.#at + count > 8 * this.#bytes.length)
      this.#refuse(`${count} more bits`, `${8 * this.#bytes.length - this.#at}`);
    let value = 0;
    for (let k = 0; k < count; k++, this.#at++)
      value = (value << 1) | (((this.#bytes[this.#at >> 3] as number) >> (7 - (this.#at & 7))) & 1);
    return value >>> 0;
  }

  unsigned(order: number): number {
    let base = 0;
    let k = order;
    for (; this.bits(1) === 0; k++) {
      if (k === mostBits) this.#refuse('a number of 32 bits', 'a larger one');
      base += 2 ** k;
    }
    return base + this.bits(k);
  }

  signed(order: number): number {
    const value = this.unsigned(order);
    return value % 2 === 1 ? (value + 1) / 2 : value === 0 ? 0 : -value / 2;
  }

  /** Bytes up to here; what is left of the last one must be zeros. */
  finish(): number {
    const left = -this.#at & 7;
    if (this.bits(left) !== 0) this.#refuse('zeros behind the last number', 'other bits');
    return this.#at >> 3;
  }
}
