import { BackendError, bytesPerElement, type DType, MemoryError, type TypedArray } from '@funhash/tensor';
import { Allocator } from './allocator.ts';

const pageBytes = 65536;
const mebibyte = 2 ** 20;

/** Kernels read, and add zeros, up to this far behind the last element of a buffer, never further. */
const slackBytes = 256;

/** The low addresses are left unused: a null pointer of generated code never meets a buffer. */
const firstAddress = 1024;

/** What a backend's memory holds, in bytes. */
export interface MemoryUsage {
  /** Held by buffers now. */
  readonly usedBytes: number;
  /** The most that buffers held at one time. */
  readonly peakBytes: number;
  /** Size of the linear memory: it never shrinks. */
  readonly reservedBytes: number;
}

/** What memory is asked for while calls are written down in place of being made: what they are told must stay true. */
export interface MemoryTrace {
  /** A block for the time of `use`, at an address that is the same whenever the calls are made. */
  withBlock<T>(bytes: number, use: (address: number) => T): T;
  /** The address of a block that nobody else writes: its contents stay. */
  lasting(bytes: number): number;
  /** Numbers at an address that may be others at each run. */
  live(list: readonly number[], address: number, kind: 'f32' | 'i32'): void;
  /** Indices at an address that have to be checked at each run. */
  check(address: number, count: number, limit: number): void;
  /** Has the calls of each share written down on their own: threads make them at the same time. */
  fork(parts: number, share: (part: number) => void): void;
  /** Runs a body whose calls are made at once. */
  apart<T>(body: () => T): T;
  /** Gives up the call of a kernel that is not made of calls alone. */
  refuse(): never;
}

/** The linear memory of a backend: blocks of it by address, and views of its contents. */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  /** Set while calls are written down. */
  trace: MemoryTrace | undefined;
  readonly #allocator = new Allocator(firstAddress);
  #reservedBytes: number;
  #f32: Float32Array;
  #i32: Int32Array;

  /** @param shared whether worker threads can share it */
  constructor(shared = false) {
    this.memory = largestMemory(shared);
    this.#reservedBytes = this.memory.buffer.byteLength;
    this.#f32 = new Float32Array(this.memory.buffer);
    this.#i32 = new Int32Array(this.memory.buffer);
  }

  /** The whole memory as f32; taken anew after every allocation, because growing detaches views. */
  get f32(): Float32Array {
    return this.#f32;
  }

  get i32(): Int32Array {
    return this.#i32;
  }

  get usage(): MemoryUsage {
    return {
      usedBytes: this.#allocator.usedBytes,
      peakBytes: this.#allocator.peakBytes,
      reservedBytes: this.#reservedBytes,
    };
  }

  /** One past the highest address that was ever in use. */
  get end(): number {
    return this.#allocator.end;
  }

  /** The address of a block of `bytes` bytes, a multiple of 64; contents unspecified. */
  allocate(bytes: number): number {
    return this.#allocator.allocate(bytes + slackBytes, this.#reserve);
  }

  free(address: number, bytes: number): void {
    this.#allocator.free(address, bytes + slackBytes);
  }

  /** A live view, valid until the next allocation. */
  view(dtype: DType, address: number, length: number): TypedArray {
    // Script that reads or writes contents is no call that could be made again.
    this.trace?.refuse();
    const { buffer } = this.memory;
    if (dtype === 'f32') return new Float32Array(buffer, address, length);
    if (dtype === 'f64') return new Float64Array(buffer, address, length);
    return dtype === 'i32'
      ? new Int32Array(buffer, address, length)
      : new Uint8Array(buffer, address, length);
  }

  /** Runs `use` with a block that is given back afterwards, also where `use` throws. */
  withBlock<T>(bytes: number, use: (address: number) => T): T {
    if (this.trace) return this.trace.withBlock(bytes, use);
    const address = this.allocate(bytes);
    try {
      return use(address);
    } finally {
      this.free(address, bytes);
    }
  }

  readonly #reserve = (end: number): void => {
    const missing = Math.ceil((end - this.#reservedBytes) / pageBytes);
    if (missing <= 0) return;
    // A quarter more than asked for, so that many small requests do not grow the memory many times.
    const generous = missing + Math.ceil(this.#reservedBytes / pageBytes / 4);
    if (!this.#grow(generous) && !this.#grow(missing))
      throw new MemoryError({
        operation: 'allocate on wasm',
        expected: 'a linear memory within the limit of the engine (at most 4 GiB)',
        actual: `${Math.round(end / mebibyte)} MiB needed, ${Math.round(this.#reservedBytes / mebibyte)} MiB reserved`,
        remedy: 'Free tensors (scope, dispose), or use smaller batches.',
      });
  };

  #grow(pages: number): boolean {
    try {
      this.memory.grow(pages);
    } catch {
      return false;
    }
    this.#reservedBytes = this.memory.buffer.byteLength;
    this.#f32 = new Float32Array(this.memory.buffer);
    this.#i32 = new Int32Array(this.memory.buffer);
    return true;
  }
}

/** Bytes of a buffer of `length` elements. */
export function bufferBytes(dtype: DType, length: number): number {
  return length * bytesPerElement[dtype];
}

// 4 GiB is what 32-bit addresses reach; engines with less address space refuse such a maximum.
function largestMemory(shared: boolean): WebAssembly.Memory {
  for (const maximum of [65536, 32768, 16384])
    try {
      return new WebAssembly.Memory({ initial: 64, maximum, shared });
    } catch {
      // The next smaller one.
    }
  throw new BackendError({
    operation: 'useBackend wasm',
    expected: 'room for a WebAssembly memory of at most 1 GiB of addresses',
    actual: 'an engine that refuses it',
    remedy: 'Use the reference backend.',
  });
}
