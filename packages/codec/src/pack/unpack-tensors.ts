import { CodewordDecoder } from '../coder/engine/codeword-decoder.ts';
import { greaterFlags, limits, magic, type PackDtype, packDtypes, storage } from './layout.ts';
import { UnpackError } from './unpack-error.ts';

/** A tensor of a pack. */
export interface UnpackedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The type of the elements before they were packed; those of coded tensors come as f32. */
  readonly dtype: PackDtype;
  /** Values of a coded tensor, row-major; bytes of another, little endian. */
  readonly data: Float32Array | Uint8Array;
}

/** Limits of `unpack`. */
export interface UnpackOptions {
  /** The most values that all tensors together may have. Default 2^28, 1 GiB as f32. */
  readonly maxValues?: number;
}

/**
 * All tensors of a pack (.fhp), by name.
 *
 * @throws UnpackError for bytes that are no pack, are damaged or cut off, or hold more values than `maxValues`
 */
export function unpack(bytes: Uint8Array, options: UnpackOptions = {}): Map<string, UnpackedTensor> {
  const tensors = new Map<string, UnpackedTensor>();
  for (const tensor of unpackTensors(bytes, options)) tensors.set(tensor.name, tensor);
  return tensors;
}

/**
 * The tensors of a pack (.fhp) one after the other, so that only one needs memory at a time.
 *
 * @throws UnpackError as `unpack`
 */
export function* unpackTensors(
  bytes: Uint8Array,
  options: UnpackOptions = {},
): Generator<UnpackedTensor, void> {
  for (const { name, shape, dtype, read } of readPack(bytes, options))
    yield { name, shape, dtype, data: read() };
}

/** A tensor of a pack that is decoded when it is read. */
export interface PackedTensor extends Omit<UnpackedTensor, 'data'> {
  /** Whether elements are coded: f32 then. */
  readonly isCoded: boolean;
  /**
   * Decodes the elements.
   *
   * @throws UnpackError for a codeword that is damaged
   */
  readonly read: () => UnpackedTensor['data'];
}

/**
 * What a pack (.fhp) holds. The checksum, names, shapes and lengths are checked; elements are decoded when they are read.
 *
 * @throws UnpackError as `unpack`
 */
export function readPack(bytes: Uint8Array, { maxValues = 2 ** 28 }: UnpackOptions = {}): PackedTensor[] {
  const reader = new PackReader(bytes);
  reader.begin();
  const tensors = new Map<string, PackedTensor>();
  let left = maxValues;
  for (let length = reader.number(); length > 0; length = reader.number()) {
    if (length > limits.nameBytes) reader.refuse('a shorter name', `${length} bytes`);
    const name = reader.text(length);
    if (tensors.has(name)) reader.refuse('names that differ', 'one twice');
    const { count, ...tensor } = reader.tensor(name, left);
    tensors.set(name, tensor);
    left -= count;
  }
  reader.end();
  return [...tensors.values()];
}

class PackReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Bytes in front of the checksum. */
  readonly #length: number;

  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) throw new UnpackError('a Uint8Array', typeof bytes, 0);
    this.#bytes = bytes;
    this.#length = bytes.length - 4;
  }

  refuse(expected: string, actual: string): never {
    throw new UnpackError(expected, actual, this.#at);
  }

  begin(): void {
    if (magic.some((byte, k) => this.#bytes[k] !== byte)) this.refuse('a pack, version 1', 'other bytes');
    this.#at = this.#length;
    if (this.#length < 5 || checksum(this.#bytes.subarray(0, this.#length)) !== this.#word())
      this.refuse('the checksum of the bytes', 'another');
    this.#at = magic.length;
  }

  end(): void {
    if (this.#at !== this.#length) this.refuse('the end of the pack', 'more bytes');
  }

  /** A whole number in groups of seven bits, the lowest first. */
  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.#take(1)[0] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return this.refuse('a number below 2^35', 'a larger one');
  }

  text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  tensor(name: string, most: number): PackedTensor & { readonly count: number } {
    const kind = this.number();
    const [dtype, width] = packDtypes[this.number()] ?? this.refuse('a known dtype', 'another');
    const rank = this.number();
    if (rank > limits.rank) this.refuse(`at most ${limits.rank} extents`, `${rank}`);
    const shape = Array.from({ length: rank }, () => this.number());
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (kind === storage.raw) {
      // What is left is as many bytes as there may be.
      if (count * width > this.#length - this.#at) this.refuse('as many bytes as elements', 'fewer');
      const bytes = this.#take(count * width);
      return { name, shape, dtype, isCoded: false, count: bytes.length, read: () => bytes.slice() };
    }
    if (kind !== storage.coded) this.refuse('a kind of storage, 0 or 1', `${kind}`);
    const words = this.#take(4);
    const step = new DataView(words.buffer, words.byteOffset, 4).getFloat32(0, true);
    if (!(step > 0 && step < Infinity)) this.refuse('a step above 0', `${step}`);
    const codeword = this.#take(this.number());
    const at = this.#at;
    if (!(count <= limits.valuesPerByte * codeword.length && count <= most))
      this.refuse(
        `at most ${Math.min(most, limits.valuesPerByte * codeword.length)} values`,
        `shape [${shape.join(', ')}]`,
      );
    const read = (): Float32Array => valuesOf(codeword, count, step, at);
    return { name, shape, dtype, isCoded: true, count, read };
  }

  #word(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#bytes.subarray(this.#at, this.#at + 4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  #take(length: number): Uint8Array {
    if (length > this.#length - this.#at) this.refuse(`${length} more bytes`, `${this.#length - this.#at}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function valuesOf(codeword: Uint8Array, count: number, step: number, at: number): Float32Array {
  const refuse = (expected: string, actual: string): never => {
    throw new UnpackError(expected, actual, at);
  };
  const decoder = new CodewordDecoder(codeword, refuse);
  const levels = new Int32Array(count);
  decoder.levels(levels, { greaterFlags, dependent: true, segment: 0 });
  if (decoder.finish() !== codeword.length) refuse('the end of a codeword', 'more bytes');
  const values = new Float32Array(levels.buffer);
  for (let i = 0; i < count; i++) values[i] = (levels[i] as number) * step;
  return values;
}

/** CRC-32 as zlib has it; `@funhash/hashing` has the public one, which a page that only unpacks does not load. */
function checksum(bytes: Uint8Array): number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
    return rest;
  });
  let rest = ~0;
  for (let i = 0; i < bytes.length; i++)
    rest = (rest >>> 8) ^ (table[(rest ^ (bytes[i] as number)) & 255] as number);
  return ~rest >>> 0;
}
