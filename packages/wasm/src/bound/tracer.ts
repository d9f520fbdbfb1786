import { blockBytes } from '../memory/allocator.ts';
import type { LinearMemory, MemoryTrace } from '../memory/linear-memory.ts';
import type { LinkedFunction, Threads } from '../threads/threads.ts';
import type { FixedCall } from './plan-module.ts';

/** Numbers in memory that are written before each run. */
export interface LiveNumbers {
  readonly list: readonly number[];
  readonly address: number;
  readonly kind: 'f32' | 'i32';
}

class Untraceable extends Error {}

/** Thrown where kernels make more calls than a list is to have. */
export class TooManyCalls extends Error {}

/**
 * Runs kernels without making their calls of compiled functions, which are written down: a kernel whose script does
 * nothing but call gives its list of calls. Blocks of memory that it asks for are kept for the list.
 */
export class Tracer implements MemoryTrace {
  readonly #memory: LinearMemory;
  readonly #threads: Threads;
  readonly #outside: LinkedFunction['call'];
  readonly #lists: ReadonlySet<readonly number[]>;
  readonly #blocks: { readonly address: number; readonly bytes: number }[] = [];
  readonly #idle = new Map<number, number[]>();
  readonly #most: number;
  #count = 0;
  #calls: FixedCall[] = [];
  #found: LiveNumbers[] = [];
  readonly numbers: LiveNumbers[] = [];

  /**
   * @param lists those whose numbers are others at each run
   * @param outside the function that checks indices
   * @param most calls of the list
   */
  constructor(
    memory: LinearMemory,
    threads: Threads,
    lists: ReadonlySet<readonly number[]>,
    outside: LinkedFunction['call'],
    most: number,
  ) {
    this.#memory = memory;
    this.#threads = threads;
    this.#lists = lists;
    this.#outside = outside;
    this.#most = most;
  }

  /** The calls that a kernel makes; undefined where it does more than call. @throws TooManyCalls */
  callsOf(kernel: () => void): readonly FixedCall[] | undefined {
    this.#calls = [];
    this.#found = [];
    try {
      kernel();
    } catch (error) {
      if (error instanceof Untraceable) return undefined;
      throw error;
    }
    this.#count += this.#calls.length;
    for (const numbers of this.#found) this.numbers.push(numbers);
    return this.#calls;
  }

  /** Runs a body in which kernels are asked for their calls. */
  within<T>(body: () => T): T {
    return this.#watching(true, body);
  }

  apart<T>(body: () => T): T {
    return this.#watching(false, body);
  }

  #watching<T>(on: boolean, body: () => T): T {
    this.#watch(on);
    try {
      return body();
    } finally {
      this.#watch(!on);
    }
  }

  #watch(on: boolean): void {
    this.#memory.trace = on ? this : undefined;
    this.#threads.trace(on ? (callee, args) => this.#note({ callee, args, isCheck: false }) : undefined);
  }

  // At once: the calls of a matrix that is never in memory may be more than memory holds.
  #note(call: FixedCall): void {
    if (this.#count + this.#calls.length === this.#most) throw new TooManyCalls();
    this.#calls.push(call);
  }

  withBlock<T>(bytes: number, use: (address: number) => T): T {
    const size = blockBytes(bytes);
    const address = this.#idle.get(size)?.pop() ?? this.lasting(size);
    try {
      return use(address);
    } finally {
      const idle = this.#idle.get(size);
      if (idle) idle.push(address);
      else this.#idle.set(size, [address]);
    }
  }

  lasting(bytes: number): number {
    const address = this.#memory.allocate(bytes);
    this.#blocks.push({ address, bytes });
    return address;
  }

  live(list: readonly number[], address: number, kind: 'f32' | 'i32'): void {
    if (this.#lists.has(list)) this.#found.push({ list, address, kind });
  }

  check(address: number, count: number, limit: number): void {
    const callee = { call: this.#outside, params: 3, results: 1 };
    this.#note({ callee, args: [address, count, limit], isCheck: true });
  }

  refuse(): never {
    throw new Untraceable();
  }

  /** Gives back the blocks. */
  dispose(): void {
    for (const { address, bytes } of this.#blocks.splice(0)) this.#memory.free(address, bytes);
  }
}
