/** The way of bits through an arithmetic code, the same for both directions: a writer takes each and gives it back, a reader gives it. */
export interface BitPort {
  /** A bit that is 1 with probability p / 2¹⁶, p from 1 to 2¹⁶ − 1. */
  bit(p: number, bit: number): number;
}

/** The point that divides an interval of 32-bit words, below which a bit is 1. */
const split = (low: number, high: number, p: number): number => low + Math.floor(((high - low) * p) / 65536);

/** Whether both ends begin with the same byte. */
const settled = (low: number, high: number): boolean => low >>> 24 === high >>> 24;

/** The arithmetic encoder: a binary one, of words of 32 bits and without carries (as in lpaq, Mahoney 2007). */
export class BitWriter implements BitPort {
  readonly #bytes: number[] = [];
  #low = 0;
  #high = 0xffffffff;

  bit(p: number, bit: number): number {
    const middle = split(this.#low, this.#high, p);
    if (bit === 1) this.#high = middle;
    else this.#low = middle + 1;
    while (settled(this.#low, this.#high)) {
      this.#bytes.push(this.#high >>> 24);
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 255) >>> 0;
    }
    return bit;
  }

  /** The bytes: as few as decide all bits where zeros follow. */
  finish(): Uint8Array {
    for (let count = 0; count <= 4; count++) {
      const unit = 2 ** (32 - 8 * count);
      const value = Math.ceil(this.#low / unit) * unit;
      if (value > this.#high) continue;
      for (let k = 1; k <= count; k++) this.#bytes.push(Math.floor(value / 2 ** (32 - 8 * k)) & 255);
      break;
    }
    return Uint8Array.from(this.#bytes);
  }
}

/** The arithmetic decoder. Behind the last byte it reads zeros, no more than a word of them. */
export class BitReader implements BitPort {
  readonly #bytes: Uint8Array;
  readonly #cutOff: () => never;
  #at = 0;
  #low = 0;
  #high = 0xffffffff;
  #word = 0;

  constructor(bytes: Uint8Array, cutOff: () => never) {
    this.#bytes = bytes;
    this.#cutOff = cutOff;
    for (let k = 0; k < 4; k++) this.#next();
  }

  bit(p: number): number {
    const middle = split(this.#low, this.#high, p);
    const bit = this.#word <= middle ? 1 : 0;
    if (bit === 1) this.#high = middle;
    else this.#low = middle + 1;
    while (settled(this.#low, this.#high)) {
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 255) >>> 0;
      this.#next();
    }
    return bit;
  }

  /** Bytes that nothing has asked for. */
  get left(): number {
    return Math.max(0, this.#bytes.length - this.#at);
  }

  #next(): void {
    // A word is read ahead; what is missing of it was left out as zeros.
    if (this.#at - this.#bytes.length > 4) this.#cutOff();
    this.#word = ((this.#word << 8) | (this.#bytes[this.#at++] ?? 0)) >>> 0;
  }
}
