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
  #calls: FixedCall[] = [];
  #found: LiveNumbers[] = [];
  readonly numbers: LiveNumbers[] = [];

  /**
   * @param lists those whose numbers are others at each run
   * @param outside the function that checks indices
   */
  constructor(
    memory: LinearMemory,
    threads: Threads,
    lists: ReadonlySet<readonly number[]>,
    outside: LinkedFunction['call'],
  ) {
    this.#memory = memory;
    this.#threads = threads;
    this.#lists = lists;
    this.#outside = outside;
  }

  /** The calls that a kernel makes; undefined where it does more than call. */
  callsOf(kernel: () => void): readonly FixedCall[] | undefined {
    this.#calls = [];
    this.#found = [];
    try {
      kernel();
    } catch (error) {
      if (error instanceof Untraceable) return undefined;
      throw error;
    }
    for (const numbers of this.#found) this.numbers.push(numbers);
    return this.#calls;
  }

  /** Runs a body in which kernels are asked for their calls. */
  within<T>(body: () => T): T {
    this.#watch(true);
    try {
      return body();
    } finally {
      this.#watch(false);
    }
  }

  #watch(on: boolean): void {
    this.#memory.trace = on ? this : undefined;
    this.#threads.trace(
      on ? (callee, args) => void this.#calls.push({ callee, args, isCheck: false }) : undefined,
    );
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
    this.#calls.push({ callee, args: [address, count, limit], isCheck: true });
  }

  apart<T>(body: () => T): T {
    this.#watch(false);
    try {
      return body();
    } finally {
      this.#watch(true);
    }
  }

  refuse(): never {
    throw new Untraceable();
  }

  /** Gives back the blocks. */
  dispose(): void {
    for (const { address, bytes } of this.#blocks.splice(0)) this.#memory.free(address, bytes);
  }
}
