import { BackendError } from '@funhash/tensor';
import type { Exports } from '../assembler/module-builder.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { canSleep, type StartedWorker, startWorker } from './start-worker.ts';
import type { FixedCall, Linked, Thread } from './thread.ts';
import { commands, control, spinMs, states } from './worker-text.ts';

type Callable = (...args: number[]) => number;

const chunkBytes = 65536;
const listBytes = 4096;

/** A worker, and the calls that are written down for it. */
export class WorkerThread implements Thread {
  readonly #memory: LinearMemory;
  readonly #index: number;
  readonly #functions: readonly Callable[];
  /** The numbers of those that lists were asked for. */
  readonly #numbers = new Map<Callable, number>();
  readonly #control: number;
  readonly #worker: StartedWorker;
  #refused = false;
  readonly #sleeps = canSleep();
  /** Modules that the worker has yet to load. */
  readonly #modules: { address: number; length: number }[] = [];
  /** How many of them are in the list that is posted. */
  #loading = 0;
  /** Blocks that are given back when the calls are made. */
  #held: { address: number; bytes: number }[] = [];
  readonly #chunks: number[] = [];
  /** What is left of the last chunk. */
  #free = { address: 0, bytes: 0 };
  /** The place of the next command, and the end of the room for it: numbers of words. */
  #next = 0;
  #end = 0;
  #works = true;
  /** Shares that the worker did. */
  shares = 0;
  /** Resolves when it is known whether the worker runs. */
  readonly settled: Promise<void>;

  /**
   * @param index number of the worker among those of its backend
   * @param functions those of all modules, by number; the list grows
   */
  constructor(memory: LinearMemory, index: number, functions: readonly Callable[]) {
    this.#memory = memory;
    this.#index = index;
    this.#functions = functions;
    const address = memory.allocate(control.size * 4);
    this.#control = address / 4;
    memory.i32.fill(0, this.#control, this.#control + control.size);
    this.#worker = startWorker(memory.memory, address);
    this.settled = this.#worker.runs.then((runs) => {
      this.#refused = !runs;
    });
  }

  /** False where a policy of the page, or the system, refused it. True while that is not known. */
  get isThere(): boolean {
    return !this.#refused;
  }

  get started(): boolean {
    return this.#works && this.#state !== states.starting;
  }

  /** The functions of a module whose first has the number `first`: what a call of them does is write it down. */
  load<Name extends string>(
    module: { address: number; length: number },
    names: readonly string[],
    first: number,
  ): Exports<Name> {
    this.#modules.push(module);
    const recorded = names.map((name, k) => [name, (...args: number[]) => this.#call(first + k, args)]);
    return Object.fromEntries(recorded) as Exports<Name>;
  }

  functions<Name extends string>(linked: Linked<Name>): Exports<Name> {
    return linked.later[this.#index] as Exports<Name>;
  }

  withBlock<T>(bytes: number, use: (address: number) => T): T {
    const address = this.#memory.allocate(bytes);
    this.#held.push({ address, bytes });
    return use(address);
  }

  operands(bytes: number): number {
    if (bytes > this.#free.bytes) {
      const size = Math.max(chunkBytes, bytes);
      if (size > chunkBytes) return this.withBlock(size, (address) => address);
      const address = this.#memory.allocate(chunkBytes);
      this.#chunks.push(address);
      this.#free = { address, bytes: chunkBytes };
    }
    const { address } = this.#free;
    const size = Math.ceil(bytes / 16) * 16;
    this.#free = { address: address + size, bytes: this.#free.bytes - size };
    return address;
  }

  /** Has the calls of `share` made by the worker; `join` waits for them. */
  post(share: () => void): void {
    try {
      const calls = this.#openList();
      share();
      this.#write([commands.end]);
      this.postList(calls);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Calls as words that the worker reads. */
  listOf(calls: readonly FixedCall[]): Int32Array {
    for (let id = this.#numbers.size; id < this.#functions.length; id++)
      this.#numbers.set(this.#functions[id] as Callable, id);
    const numberOf = ({ callee }: FixedCall): number => this.#numbers.get(callee.call) as number;
    const words = calls.flatMap((call) => commandOf(numberOf(call), call.args));
    words.push(commands.end);
    return Int32Array.from(words);
  }

  /** Has the calls of a list made by the worker; `join` waits for them. */
  postList(calls: number): void {
    let list = calls;
    if (this.#modules.length > 0) {
      // Modules are loaded first: where one cannot be, no call has been made.
      list = this.#openList();
      for (const { address, length } of this.#modules) this.#write([commands.load, address, length]);
      this.#write([commands.jump, calls]);
    }
    this.#loading = this.#modules.length;
    this.#memory.i32[this.#control + control.commands] = list;
    this.#state = states.posted;
    Atomics.notify(this.#memory.i32, this.#control);
  }

  /** Makes sure that the calls are made; those that the worker has not taken yet are made here. */
  join(): BackendError | undefined {
    try {
      if (this.#exchange(states.posted, states.idle)) this.runList(this.#posted);
      else {
        const outcome = this.#wait();
        if (outcome === states.refused) {
          this.#works = false;
          this.runList(this.#posted);
        } else {
          this.#state = states.idle;
          this.#modules.splice(0, this.#loading);
          this.shares++;
          if (outcome === states.trapped) return endedEarly(this.#message());
        }
      }
      return undefined;
    } catch (cause) {
      return endedEarly(cause instanceof Error ? cause.message : String(cause), { cause });
    } finally {
      this.#release();
    }
  }

  close(): void {
    this.#works = false;
    this.#state = states.closed;
    Atomics.notify(this.#memory.i32, this.#control);
    this.#worker.terminate();
  }

  get #state(): number {
    return Atomics.load(this.#memory.i32, this.#control);
  }

  set #state(state: number) {
    Atomics.store(this.#memory.i32, this.#control, state);
  }

  #exchange(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#memory.i32, this.#control, from, to) === from;
  }

  #wait(): number {
    const until = performance.now() + spinMs;
    for (;;) {
      for (let k = 0; k < 50; k++) {
        const state = this.#state;
        if (state !== states.taken) return state;
      }
      if (this.#sleeps && performance.now() > until)
        Atomics.wait(this.#memory.i32, this.#control, states.taken);
    }
  }

  #call(id: number, args: readonly number[]): number {
    this.#write(commandOf(id, args));
    return 0;
  }

  // The address of room for commands, where the next ones go.
  #openList(): number {
    const list = this.operands(listBytes);
    this.#next = list / 4;
    this.#end = this.#next + listBytes / 4;
    return list;
  }

  #write(command: readonly number[]): void {
    const jumpWords = 2;
    if (this.#next + command.length + jumpWords > this.#end) {
      const from = this.#next;
      const list = this.#openList();
      this.#memory.i32.set([commands.jump, list], from);
    }
    const { i32 } = this.#memory;
    for (const word of command) i32[this.#next++] = word;
  }

  get #posted(): number {
    return this.#memory.i32[this.#control + control.commands] as number;
  }

  /** Makes the calls of a list on the calling thread, as the worker would; modules are loaded here already. */
  runList(list: number): void {
    const { i32 } = this.#memory;
    let at = list >>> 2;
    for (;;) {
      const [command, count] = [i32[at] as number, i32[at + 1] as number];
      if (command === commands.end) return;
      if (command === commands.jump) at = count >>> 2;
      else if (command === commands.load) at += 3;
      else {
        this.#functions[command]?.(...i32.subarray(at + 2, at + 2 + count));
        at += 2 + count;
      }
    }
  }

  #message(): string {
    const { i32 } = this.#memory;
    const from = this.#control + control.message;
    const length = i32[this.#control + control.messageLength] as number;
    return String.fromCharCode(...i32.subarray(from, from + length));
  }

  #release(): void {
    for (const { address, bytes } of this.#held) this.#memory.free(address, bytes);
    this.#held = [];
    for (const address of this.#chunks.splice(1)) this.#memory.free(address, chunkBytes);
    this.#free = { address: this.#chunks[0] ?? 0, bytes: this.#chunks.length > 0 ? chunkBytes : 0 };
  }
}

const commandOf = (id: number, args: readonly number[]): number[] => [id, args.length, ...args];

const endedEarly = (actual: string, options?: ErrorOptions): BackendError =>
  new BackendError({ operation: 'a share of a kernel on wasm', expected: 'calls that end', actual }, options);
