import { contextWords, moves, shares } from './tables.ts';

/**
 * The most bytes that an entry of `encode` adds: 31 bits of a bypass entry, which takes two places, or 7 of a bin. Bytes that
 * wait for a carry are counted apart.
 */
const bytesPerEntry = 3;

/** The arithmetic encoder: bins with contexts and bits at probability ½ to a codeword. */
export class BinEncoder {
  #bytes = new Uint8Array(256);
  #length = 0;
  /** The byte that a carry may still change; −1: none yet. */
  #held = -1;
  /** Bytes of 255 behind it, which a carry would run through. */
  #waiting = 0;
  #low = 0;
  #range = 510;
  /** Bits of `low` above its 9. */
  #spare = 0;

  /**
   * Encodes entries: `2 · context + bin`, or −n followed by the value of n bits, 1 to 30, at probability ½.
   *
   * @param contexts `contextWords` for each context; adapted
   */
  encode(entries: Int32Array, count: number, contexts: Int32Array): void {
    this.#reserve(bytesPerEntry * count);
    const bytes = this.#bytes;
    let [length, held, waiting] = [this.#length, this.#held, this.#waiting];
    let [low, range, spare] = [this.#low, this.#range, this.#spare];
    for (let k = 0; k < count; k++) {
      const entry = entries[k] as number;
      /** Bits that an entry at probability ½ still has. */
      let pending = 0;
      let value = 0;
      if (entry >= 0) {
        const at = (entry >> 1) * contextWords;
        const fast = contexts[at] as number;
        const slow = contexts[at + 1] as number;
        const shifts = contexts[at + 2] as number;
        const s = ((fast << 4) + slow) >> 7;
        const share = shares[((range & 0xe0) << 1) | (s & 63)] as number;
        range -= share;
        if ((entry & 1) === 1) {
          contexts[at] = fast + ((moves[16 + (fast >> 3)] as number) >> shifts);
          contexts[at + 1] = slow + ((moves[16 + (slow >> 7)] as number) >> (shifts >> 5));
        } else {
          contexts[at] = fast - ((moves[16 + (-fast >> 3)] as number) >> shifts);
          contexts[at + 1] = slow - ((moves[16 + (-slow >> 7)] as number) >> (shifts >> 5));
        }
        // The more probable bin is 1 where s ≥ 0.
        if ((entry & 1) === s >>> 31) {
          low += range;
          range = share;
        }
        if (range >= 256) continue;
        const shift = Math.clz32(range) - 23;
        low <<= shift;
        range <<= shift;
        spare += shift;
      } else {
        pending = -entry;
        value = entries[++k] as number;
      }
      for (;;) {
        if (spare >= 8) {
          const byte = low >>> (spare + 1);
          low &= (2 << spare) - 1;
          spare -= 8;
          if (byte === 255) waiting++;
          else {
            const carry = byte >> 8;
            if (held >= 0) bytes[length++] = held + carry;
            for (; waiting > 0; waiting--) bytes[length++] = 255 + carry;
            held = byte & 255;
          }
        }
        if (pending === 0) break;
        const bits = Math.min(pending, 8);
        pending -= bits;
        low = (low << bits) + range * ((value >>> pending) & ((1 << bits) - 1));
        spare += bits;
      }
    }
    [this.#length, this.#held, this.#waiting] = [length, held, waiting];
    [this.#low, this.#range, this.#spare] = [low, range, spare];
  }

  /** Sets the range to 256, as in front of rows of blocks. */
  resetRange(): void {
    this.#range = 256;
  }

  /** Ends the codeword and returns it. Nothing can be encoded behind it. */
  finish(): Uint8Array {
    this.#reserve(8);
    this.#low = (this.#low + this.#range - 2) << 7;
    this.#spare += 7;
    if (this.#spare >= 8) {
      const byte = this.#low >>> (this.#spare + 1);
      this.#low &= (2 << this.#spare) - 1;
      this.#spare -= 8;
      if (byte === 255) this.#waiting++;
      else {
        this.#settle(byte >> 8);
        this.#held = byte & 255;
      }
    }
    // The last 8 bits decide nothing: a 1 stands for them.
    const bits = this.#spare + 1;
    const rest = this.#low >>> 8;
    this.#settle(rest >> bits);
    const ended = (((rest & ((1 << bits) - 1)) << 1) | 1) << (15 - bits);
    this.#bytes[this.#length++] = ended >> 8;
    if (bits > 7) this.#bytes[this.#length++] = ended;
    return this.#bytes.slice(0, this.#length);
  }

  /** Writes what waited for a carry. */
  #settle(carry: number): void {
    if (this.#held >= 0) this.#bytes[this.#length++] = this.#held + carry;
    for (; this.#waiting > 0; this.#waiting--) this.#bytes[this.#length++] = 255 + carry;
  }

  #reserve(count: number): void {
    const needed = this.#length + this.#waiting + count + 2;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
