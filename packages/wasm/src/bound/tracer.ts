import { blockBytes } from '../memory/allocator.ts';
import type { LinearMemory, MemoryTrace } from '../memory/linear-memory.ts';
import type { FixedCall, LinkedFunction } from '../threads/thread.ts';
import type { Threads } from '../threads/threads.ts';
import type { SequenceCall } from './plan-module.ts';

/** Numbers in memory that are written before each run. */
export interface LiveNumbers {
  readonly list: readonly number[];
  readonly address: number;
  readonly kind: 'f32' | 'i32';
}

/** Calls that threads make at the same time: those of each share in order, and no share has a check. */
export interface Fork {
  readonly shares: readonly (readonly FixedCall[])[];
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
  #idle = new Map<number, number[]>();
  readonly #most: number;
  #count = 0;
  /** Calls of the kernel under way. */
  #own = 0;
  #calls: (SequenceCall | Fork)[] = [];
  /** Those of the share under way. */
  #share: FixedCall[] | undefined;
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
  callsOf(kernel: () => void): readonly (SequenceCall | Fork)[] | undefined {
    this.#calls = [];
    this.#found = [];
    this.#own = 0;
    const kept = this.#blocks.length;
    try {
      kernel();
    } catch (error) {
      this.#forget(kept);
      if (error instanceof Untraceable) return undefined;
      throw error;
    }
    this.#count += this.#own;
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
    this.#threads.trace(on ? (callee, args) => this.#note({ callee, args }) : undefined);
  }

  // At once: the calls of a matrix that is never in memory may be more than memory holds.
  #note(call: FixedCall, isCheck = false): void {
    if (this.#count + this.#own === this.#most) throw new TooManyCalls();
    this.#own++;
    if (!this.#share) this.#calls.push({ ...call, isCheck });
    else if (isCheck) this.refuse();
    else this.#share.push(call);
  }

  fork(parts: number, share: (part: number) => void): void {
    if (this.#share) this.refuse();
    const idle = this.#idle;
    const used: Map<number, number[]>[] = [];
    const shares: FixedCall[][] = [];
    try {
      for (let part = 0; part < parts; part++) {
        // The blocks of one share are not given to another: they are in use at the same time.
        if (part > 0) this.#idle = new Map();
        used.push(this.#idle);
        this.#share = [];
        shares.push(this.#share);
        share(part);
      }
    } finally {
      this.#share = undefined;
      this.#idle = idle;
    }
    for (const blocks of used.slice(1))
      for (const [size, addresses] of blocks) this.#giveBack(size, addresses);
    this.#calls.push({ shares });
  }

  #giveBack(size: number, addresses: readonly number[]): void {
    const idle = this.#idle.get(size) ?? [];
    this.#idle.set(size, idle);
    for (const address of addresses) idle.push(address);
  }

  withBlock<T>(bytes: number, use: (address: number) => T): T {
    const size = blockBytes(bytes);
    const address = this.#idle.get(size)?.pop() ?? this.lasting(size);
    try {
      return use(address);
    } finally {
      this.#giveBack(size, [address]);
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
    this.#note({ callee, args: [address, count, limit] }, true);
  }

  refuse(): never {
    throw new Untraceable();
  }

  /** Gives back all blocks. */
  dispose(): void {
    this.#forget(0);
  }

  // Gives back the blocks behind the first ones: of a kernel whose calls are not used, which may be many.
  #forget(kept: number): void {
    const blocks = this.#blocks.splice(kept);
    const gone = new Set(blocks.map(({ address }) => address));
    for (const [size, addresses] of this.#idle)
      this.#idle.set(
        size,
        addresses.filter((address) => !gone.has(address)),
      );
    for (const { address, bytes } of blocks) this.#memory.free(address, bytes);
  }
}
