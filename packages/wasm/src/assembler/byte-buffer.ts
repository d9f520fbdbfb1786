/** Bytes that are appended: one growing array, because nested small arrays cost more than all the rest of emission. */
export class ByteBuffer {
  #data = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of what was written so far, valid until the next write. */
  get bytes(): Uint8Array {
    return this.#data.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#data.length) this.#grow(1);
    this.#data[this.#length++] = value;
  }

  append(values: Uint8Array): void {
    if (this.#length + values.length > this.#data.length) this.#grow(values.length);
    this.#data.set(values, this.#length);
    this.#length += values.length;
  }

  /** LEB128 of a number from 0 to 2^32 − 1. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** LEB128 of a number taken as a signed 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** What every module begins with. */
  header(): void {
    this.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  }

  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.unsigned(encoded.length);
    this.append(encoded);
  }

  /** A section of a module: its number, its length, and what `write` puts into it behind the count of its entries. */
  section(id: number, count: number, write: (body: ByteBuffer) => void): void {
    const body = new ByteBuffer();
    body.unsigned(count);
    write(body);
    this.byte(id);
    this.unsigned(body.length);
    this.append(body.bytes);
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.#data.length * 2, this.#length + more));
    larger.set(this.bytes);
    this.#data = larger;
  }
}
