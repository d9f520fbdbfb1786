import { refuse } from './jpeg-error.ts';

/** A Huffman table: by 16 bits of lookahead, its length above and its symbol below bit 8; 0 for a code that is none. */
export type HuffmanTable = Uint16Array;

/**
 * Tables of a DHT segment (B.2.4.2), put into lists of those for DC and AC.
 *
 * @throws PictureError
 */
export function readHuffman(body: Uint8Array, dc: HuffmanTable[], ac: HuffmanTable[]): void {
  for (let at = 0; at < body.length; ) {
    const kind = body[at] as number;
    if (kind >> 4 > 1 || (kind & 15) > 3) refuse('one of four Huffman tables', `${kind}`);
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((a, b) => a + b, 0);
    const symbols = body.subarray(at + 17, at + 17 + total);
    if (counts.length < 16 || total > 256 || symbols.length < total)
      refuse('a whole Huffman table', 'a part');
    (kind >> 4 === 0 ? dc : ac)[kind & 15] = tableOf(counts, symbols);
    at += 17 + total;
  }
}

function tableOf(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(2 ** 16);
  let code = 0;
  let next = 0;
  for (let length = 1; length <= 16; length++) {
    const span = 2 ** (16 - length);
    for (let k = 0; k < (counts[length - 1] as number); k++) {
      const from = code * span;
      if (from + span > table.length) refuse('a Huffman table of prefixes', 'too many codes');
      table.fill((length << 8) | (symbols[next++] as number), from, from + span);
      code++;
    }
    code *= 2;
  }
  return table;
}

/** Reads the bits of a scan; 0xff00 is a byte 0xff, another marker ends them and zeros follow. */
export class ScanReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;
  /** Bits that were made up behind the end. */
  #lent = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  #fill(): void {
    while (this.#count <= 16) {
      let byte = this.#bytes[this.#at] ?? 0xff;
      if (byte !== 0xff) this.#at++;
      else if (this.#bytes[this.#at + 1] === 0) this.#at += 2;
      else {
        byte = 0;
        this.#lent += 8;
        if (this.#lent > 64) refuse('the bits of a scan', 'fewer: it is cut off or damaged');
      }
      this.#bits = ((this.#bits << 8) | byte) & 0xffffff;
      this.#count += 8;
    }
  }

  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table[(this.#bits >>> (this.#count - 16)) & 0xffff] as number;
    if (entry === 0) refuse('a code of the Huffman table', 'another');
    this.#count -= entry >> 8;
    return entry & 255;
  }

  /** So many bits, at most 16, as a number ≥ 0. */
  bits(count: number): number {
    if (count === 0) return 0;
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >>> this.#count) & (2 ** count - 1);
  }

  /** A number of so many bits, with the sign of F.2.2.1. */
  signed(count: number): number {
    const value = this.bits(count);
    return count > 0 && value < 2 ** (count - 1) ? value - 2 ** count + 1 : value;
  }

  /** Goes on behind the next restart marker. */
  restart(): void {
    this.#bits = 0;
    this.#count = 0;
    this.#lent = 0;
    const marker = this.#bytes[this.#at + 1] ?? 0;
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) refuse('a restart marker', 'none');
    this.#at += 2;
  }
}
