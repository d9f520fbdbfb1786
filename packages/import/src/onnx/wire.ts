import { ImportError } from '../import-error.ts';

/** Deepest nesting of messages: a graph in a node in a graph takes three levels each. */
const mostDepth = 24;

/** What is left of the work that one file may cause, shared by all readers of its messages. */
export interface Budget {
  /** Messages that may still be read: each is an object. */
  messages: number;
  /** Texts, single numbers and unknown fields that may still be read. */
  items: number;
}

/** Names a field's reader: it takes the wire type that was met. */
export type Field<T> = (message: T, reader: Wire, wireType: number) => void;
export type Fields<T> = Readonly<Record<number, Field<T>>>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The span of one message in the bytes of a file, read field by field. Nothing in it is believed. */
export class Wire {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  readonly #budget: Budget;
  #at: number;

  constructor(bytes: Uint8Array, budget: Budget, start = 0, end = bytes.length, depth = 0) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
    if (depth > mostDepth) this.refuse(`messages nested at most ${mostDepth} deep`, 'deeper ones');
  }

  get at(): number {
    return this.#at;
  }

  refuse(expected: string, actual: string): never {
    throw new ImportError({
      operation: 'importOnnx',
      expected: `${expected} at byte ${this.#at}`,
      actual,
      remedy: 'The file is damaged, cut short, or no ONNX model.',
      byteOffset: this.#at,
    });
  }

  /** Counts items of work. @throws ImportError beyond the budget */
  spend(items = 1): void {
    this.#budget.items -= items;
    if (this.#budget.items < 0) this.refuse('a file of fewer parts', 'more than any network has');
  }

  /** Reads all fields into a message; fields without a reader are passed over. */
  read<T>(fields: Fields<T>, message: T): T {
    if (--this.#budget.messages < 0) this.refuse('a file of fewer parts', 'more than any network has');
    while (this.#at < this.#end) {
      const tag = this.#unsigned();
      const wireType = tag % 8;
      const field = fields[Math.floor(tag / 8)];
      if (field) field(message, this, wireType);
      else this.#skip(wireType);
    }
    return message;
  }

  /** A number as protobuf writes it: seven bits a byte; 64 bits are taken as two's complement and held to 2^53. */
  int(wireType: number): number {
    this.#want(wireType, 0);
    this.spend();
    return this.#int();
  }

  /** Numbers of one field, packed or one by one: they are appended. */
  ints(list: number[], wireType: number): void {
    if (wireType === 0) {
      list.push(this.int(0));
      return;
    }
    const end = this.#span(wireType);
    const inner = new Wire(this.#bytes, this.#budget, this.#at, end, this.#depth);
    while (inner.#at < end) {
      this.spend();
      list.push(inner.#int());
    }
    this.#at = end;
  }

  f32(wireType: number): number {
    this.#want(wireType, 5);
    this.spend();
    return this.#view(4).getFloat32(0, true);
  }

  /** Reals of 32 bits of one field, packed or one by one: they are appended. */
  f32s(list: number[], wireType: number): void {
    this.#fixed(list, wireType, 5, 4, (view, at) => view.getFloat32(at, true));
  }

  /** Reals of 64 bits of one field, packed or one by one: they are appended. */
  f64s(list: number[], wireType: number): void {
    this.#fixed(list, wireType, 1, 8, (view, at) => view.getFloat64(at, true));
  }

  /** A view of the bytes of a field. */
  bytes(wireType: number): Uint8Array {
    const end = this.#span(wireType);
    this.spend();
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  text(wireType: number): string {
    const bytes = this.bytes(wireType);
    if (bytes.length > 2 ** 16) this.refuse('a text of at most 65 536 bytes', `${bytes.length}`);
    try {
      // Decoders of text take no shared memory.
      return utf8.decode(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice());
    } catch {
      return this.refuse('text in UTF-8', 'an invalid byte sequence');
    }
  }

  /** Refuses the message that follows where it has more fields of one number than so many, before any of them is read. */
  hold(wireType: number, field: number, most: number, what: string): void {
    const start = this.#at;
    const end = this.#span(wireType);
    const unbounded = { messages: Number.POSITIVE_INFINITY, items: Number.POSITIVE_INFINITY };
    const inner = new Wire(this.#bytes, unbounded, this.#at, end, this.#depth + 1);
    for (let count = 0; inner.#at < end; ) {
      const tag = inner.#unsigned();
      if (Math.floor(tag / 8) === field && ++count > most) inner.refuse(`at most ${most} ${what}`, 'more');
      inner.#skip(tag % 8);
    }
    this.#at = start;
  }

  /** A message inside this one. */
  message<T>(wireType: number, fields: Fields<T>, message: T): T {
    const end = this.#span(wireType);
    new Wire(this.#bytes, this.#budget, this.#at, end, this.#depth + 1).read(fields, message);
    this.#at = end;
    return message;
  }

  #fixed(
    list: number[],
    wireType: number,
    single: number,
    width: number,
    read: (view: DataView, at: number) => number,
  ): void {
    if (wireType === single) {
      this.spend();
      list.push(read(this.#view(width), 0));
      return;
    }
    const end = this.#span(wireType);
    const length = end - this.#at;
    if (length % width !== 0) this.refuse(`a multiple of ${width} bytes`, `${length}`);
    this.spend(length / width);
    const view = this.#view(length);
    for (let at = 0; at < length; at += width) list.push(read(view, at));
  }

  #want(wireType: number, expected: number): void {
    if (wireType !== expected) this.refuse(`a field of wire type ${expected}`, `${wireType}`);
  }

  /** The end of a field with a length, which begins where the reader stands. */
  #span(wireType: number): number {
    this.#want(wireType, 2);
    const length = this.#unsigned();
    if (length > this.#end - this.#at)
      this.refuse(`a field of at most ${this.#end - this.#at} bytes`, `${length}`);
    return this.#at + length;
  }

  #view(width: number): DataView {
    if (this.#end - this.#at < width) this.refuse(`${width} bytes more`, `${this.#end - this.#at}`);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, width);
    this.#at += width;
    return view;
  }

  #skip(wireType: number): void {
    this.spend();
    if (wireType === 0) this.#int();
    else if (wireType === 1) this.#view(8);
    else if (wireType === 5) this.#view(4);
    else if (wireType === 2) this.#at = this.#span(2);
    else this.refuse('a field of wire type 0, 1, 2 or 5', `${wireType}`);
  }

  /** A length or a tag: what is beyond 2^32 cannot be one. */
  #unsigned(): number {
    const value = this.#int();
    if (value < 0 || value >= 2 ** 32) this.refuse('a length or a tag below 2^32', `${value}`);
    return value;
  }

  #int(): number {
    let [low, high] = [0, 0];
    for (let k = 0; k < 10; k++) {
      if (this.#at >= this.#end) this.refuse('a number', 'the end of its message');
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 127;
      // 28 bits below, then 4 that complete the lower word, then 32 above.
      if (k < 4) low += bits * 2 ** (7 * k);
      else if (k === 4) {
        low += (bits & 15) * 2 ** 28;
        high = bits >>> 4;
      } else high += bits * 2 ** (7 * k - 32);
      if (byte < 128) return held(low, high);
    }
    return this.refuse('a number of at most 10 bytes', 'a longer one');
  }
}

/** Two words as one signed number, held to what a number keeps exactly. */
function held(low: number, high: number): number {
  const upper = high % 2 ** 32;
  const value = upper >= 2 ** 31 ? (upper - 2 ** 32) * 2 ** 32 + low : upper * 2 ** 32 + low;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}
