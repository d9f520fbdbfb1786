/** Whole numbers in so many bits, or in as many as they need; the first bit of a byte is its highest. */
export class BitWriter {
  readonly #bytes: number[] = [];
  /** Bits of the last byte that are free. */
  #free = 0;

  /** Appends the low bits of a number, 0 to 32. */
  bits(count: number, value: number): void {
    for (let left = count; left > 0; ) {
      if (this.#free === 0) {
        this.#bytes.push(0);
        this.#free = 8;
      }
      const taken = Math.min(left, this.#free);
      left -= taken;
      this.#free -= taken;
      const part = (value >>> left) & ((1 << taken) - 1);
      this.#bytes[this.#bytes.length - 1] = (this.#bytes.at(-1) as number) | (part << this.#free);
    }
  }

  /** Appends a whole number from 0 to 2³² − 2^order by the Exp-Golomb code of an order up to 15, ue(order) of the standard. */
  unsigned(order: number, value: number): void {
    let k = order;
    let rest = value;
    for (; rest >= 2 ** k; k++) {
      this.bits(1, 0);
      rest -= 2 ** k;
    }
    this.bits(1, 1);
    this.bits(k, rest);
  }

  /** Appends a whole number of 31 bits and a sign, ie(order) of the standard. */
  signed(order: number, value: number): void {
    this.unsigned(order, value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Fills the last byte with zeros and returns all. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
