import { type Exports, ModuleBuilder, type Signature } from '../assembler/module-builder.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { OperandBlock } from '../memory/operand-block.ts';
import type { FixedCall, Linked, LinkedFunction, Thread } from './thread.ts';
import type { WorkerThread } from './worker-thread.ts';

/** Does the share [from, from + count) of a kernel; part 0 is that of the calling thread. */
export type Share = (thread: Thread, from: number, count: number, part: number) => void;

/** Functions of all modules, as workers number them. */
export type Functions = readonly ((...args: number[]) => number)[];

type Call = (...args: number[]) => number;

/** Gets calls of compiled functions in place of these. */
export type OnCall = (callee: LinkedFunction, args: readonly number[]) => void;

/** A module: its functions as kernels find them, and as they are. */
interface LinkedModule {
  readonly module: ModuleBuilder;
  readonly here: Record<string, Call>;
  readonly own: Readonly<Record<string, Call>>;
  readonly signatures: ReadonlyMap<string, Signature>;
}

/** What the workers of a backend did. */
export interface WorkerUsage {
  /** Workers that have started. Starting takes some 50 ms; what is asked for before runs on the calling thread. */
  readonly started: number;
  /** Shares of kernels that workers did. */
  readonly shares: number;
}

/**
 * The threads of a backend: the calling one, and workers over the same memory. Kernels are split into shares by their
 * sizes alone, so that results do not depend on which thread comes first, or comes at all.
 */
export class Threads {
  readonly memory: LinearMemory;
  readonly here: Thread;
  readonly #functions: ((...args: number[]) => number)[] = [];
  readonly #workers: readonly WorkerThread[];
  readonly #leastShareNs: number;
  #isClosed = false;
  readonly #linked: LinkedModule[] = [];
  #onCall: OnCall | undefined;

  /**
   * @param workersFor the workers beside the calling thread: none, or those of `workers`, which need a shared memory
   * @param leastShareNs the least work of a share in nanoseconds: about what it takes to wake a worker and to write down what it
   * is to do
   */
  constructor(
    memory: LinearMemory,
    workersFor?: (memory: LinearMemory, functions: Functions) => readonly WorkerThread[],
    leastShareNs = 50_000,
  ) {
    this.#leastShareNs = leastShareNs;
    const block = new OperandBlock(memory);
    this.here = {
      functions: ({ here }) => here,
      withBlock: (bytes, use) => memory.withBlock(bytes, use),
      operands: (bytes) => block.reserve(bytes),
    };
    this.memory = memory;
    this.#workers = workersFor?.(memory, this.#functions) ?? [];
  }

  get count(): number {
    return this.#workers.length + 1;
  }

  /** Those that are there: fewer than `count` where a policy of the page, or the system, refused workers. */
  get there(): number {
    return 1 + this.#workers.filter(({ isThere }) => isThere).length;
  }

  /** Resolves when it is known which workers run, or after two seconds, in which some page told nothing. */
  async settled(): Promise<void> {
    const all = Promise.all(this.#workers.map(({ settled }) => settled));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 2000))]);
  }

  get usage(): WorkerUsage {
    const started = this.#workers.filter((worker) => worker.started).length;
    return { started, shares: this.#workers.reduce((sum, { shares }) => sum + shares, 0) };
  }

  /** Compiles a module and links it to the memory, here and in every worker. */
  link<Name extends string>(module: ModuleBuilder): Linked<Name> {
    const { memory } = this.memory;
    const own: Exports<Name> = module.instantiate<Name>(memory);
    const here = { ...own };
    this.#linked.push({ module, here, own, signatures: module.signatures });
    if (this.#onCall) this.trace(this.#onCall);
    if (this.#workers.length === 0) return { here, later: [] };
    const first = this.#functions.length;
    const names = Object.keys(here);
    this.#functions.push(...names.map((name) => own[name as Name]));
    const bytes = module.encode(memory);
    const address = this.memory.allocate(bytes.length);
    // Not by a view of the memory's own: no calls that are written down depend on these bytes.
    new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
    const loaded = { address, length: bytes.length };
    return { here, later: this.#workers.map((worker) => worker.load(loaded, names, first)) };
  }

  /** The same for a module that is written when it is first asked for: at the start, writing takes longer than compiling. */
  linkLater<Name extends string>(write: (module: ModuleBuilder) => void): () => Linked<Name> {
    let linked: Linked<Name> | undefined;
    return () => {
      if (!linked) {
        const module = new ModuleBuilder();
        write(module);
        linked = this.link<Name>(module);
      }
      return linked;
    };
  }

  /** The module that a function is of, and the name under which it is exported. */
  originOf(call: Call): { readonly module: ModuleBuilder; readonly name: string } | undefined {
    for (const { module, own } of this.#linked)
      for (const [name, known] of Object.entries(own)) if (known === call) return { module, name };
    return undefined;
  }

  /** Has calls on this thread told to `onCall` in place of being made; undefined: has them made again. */
  trace(onCall: OnCall | undefined): void {
    this.#onCall = onCall;
    for (const { here, own, signatures } of this.#linked)
      for (const [name, call] of Object.entries(own)) {
        const signature = signatures.get(name) as Signature;
        here[name] = onCall
          ? (...args) => {
              onCall({ call, ...signature }, args);
              return 0;
            }
          : call;
      }
  }

  /**
   * The number of parts that a kernel is split into.
   *
   * @param nanoseconds about what one thread takes
   * @param most parts that it has
   * @param of `sums` where results depend on the number of parts, by rounding
   */
  partsOf(nanoseconds: number, most: number, of: 'values' | 'sums' = 'values'): number {
    // Of a plan nothing is written down at its runs, and workers seldom sleep. Its sums are those of kernels, bit for bit.
    const least = this.#leastShareNs / (of === 'sums' ? 2 : this.memory.trace ? 4 : 1);
    if (nanoseconds < 2 * least) return 1;
    return Math.min(this.count, Math.max(1, most), Math.floor(nanoseconds / least));
  }

  /** Has the range [0, extent) done in parts, all but the last a multiple of `grain`; ends when all are done. */
  split(parts: number, extent: number, grain: number, share: Share): void {
    if (parts === 1) {
      share(this.here, 0, extent, 0);
      return;
    }
    const grains = Math.ceil(extent / grain);
    const start = (part: number): number => Math.min(extent, Math.floor((grains * part) / parts) * grain);
    const run = (thread: Thread, part: number): void =>
      share(thread, start(part), start(part + 1) - start(part), part);
    if (this.memory.trace) this.memory.trace.fork(parts, (part) => run(this.here, part));
    else
      this.#together(
        parts,
        (worker, part) => worker.post(() => run(worker, part)),
        (part) => run(this.here, part),
      );
  }

  /** Calls as a list for `runLists`, where there are workers. */
  listOf(calls: readonly FixedCall[]): Int32Array {
    return (this.#workers[0] as WorkerThread).listOf(calls);
  }

  /** Has the calls made whose lists lie at these addresses, each by a worker, while this thread runs `own`. */
  runLists(lists: readonly number[], own: () => void): void {
    const list = (part: number): number => lists[part - 1] as number;
    this.#together(
      lists.length + 1,
      (worker, part) => worker.postList(list(part)),
      (part) => (part === 0 ? own() : this.#workers[part - 1]?.runList(list(part))),
    );
  }

  /** Has parts done by workers that are there, and all others here; ends when all are done. */
  #together(
    parts: number,
    post: (worker: WorkerThread, part: number) => void,
    here: (part: number) => void,
  ): void {
    const posted: WorkerThread[] = [];
    const own = [0];
    let failure: unknown;
    try {
      for (let part = 1; part < parts; part++) {
        const worker = this.#workers[part - 1] as WorkerThread;
        if (worker.started) {
          post(worker, part);
          posted.push(worker);
        } else own.push(part);
      }
      for (const part of own) here(part);
    } finally {
      for (const worker of posted) failure = worker.join() ?? failure;
    }
    if (failure) throw failure;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Stops the workers; what is asked for later runs on the calling thread, with the same results. */
  close(): void {
    this.#isClosed = true;
    for (const worker of this.#workers) worker.close();
  }
}
