import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import type { Backend, BoundCall, BoundCalls, DeviceBuffer, Kernels } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { dtypeOf } from '../dtype.ts';
import { PlanError } from '../errors.ts';
import { type Recorded, recorder } from '../recorder.ts';
import { type KernelName, runKernel } from '../run-kernel.ts';
import { sizeOf } from '../shape.ts';
import { Storage } from '../storage.ts';
import { bytesOf, type Layout, separateLayout, sharedLayout } from './layout.ts';
import { type Plan, type PlanView, writtenBy } from './plan.ts';
import { RecordedPlan } from './plan-recorder.ts';
import { type LiveLists, resolvedCalls, type Site, viewAt } from './resolve.ts';

interface Part {
  readonly run: () => void;
  /** What it writes besides its own memory. */
  readonly written: readonly Recorded[];
}

const bindRules = {
  /**
   * Whether tensors that the plan reads and writes in place live as long as it does. Default true; else the plan is disposed
   * of with the first of them that is freed.
   */
  keepsStates: option.flag(),
};

/** Options of `bindPlan`. */
export type BindOptions = OptionsOf<typeof bindRules>;

// A plan that nobody disposed of gives back what its backend prepared once nothing refers to it.
const forgotten = new FinalizationRegistry<readonly BoundCalls[]>((bound) => {
  for (const calls of bound) calls.dispose();
});

/**
 * A plan with memory: set its inputs, run it, read its outputs. All of its memory is taken when it is bound, and given back
 * when it is disposed of or nothing refers to it.
 */
export class BoundPlan {
  readonly #plan: Plan;
  readonly #backend: Backend;
  readonly #own: Storage[] = [];
  readonly #bound: BoundCalls[] = [];
  readonly #states: readonly { readonly storage: Recorded; readonly buffer: DeviceBuffer }[];
  readonly #versions: RecordedPlan['contents']['versions'];
  readonly #sites: readonly Site[];
  readonly #parts: readonly Part[];
  readonly #inputs = new Map<string, number>();
  readonly #lists = new Map<string, number[]>();
  readonly #uniforms: LiveLists['words'][number][] = [];
  /** Bytes that temporaries take. */
  readonly temporaryBytes: number;
  readonly #keepsStates: boolean;
  readonly #unwatch: (() => void)[] = [];
  #isDisposed = false;

  constructor({ plan, backend, contents }: RecordedPlan, { keepsStates = true }: BindOptions = {}) {
    const { constants, states, versions } = contents;
    this.#versions = versions;
    this.#plan = plan;
    this.#backend = backend;
    this.#keepsStates = keepsStates;
    const layout = backend.host ? sharedLayout(plan) : separateLayout(plan);
    this.temporaryBytes = bytesOf(layout);
    this.#states = [...states.values()].map((storage) => ({ storage, buffer: storage.buffer }));
    if (keepsStates) for (const { storage } of this.#states) storage.retain();
    for (const [number, { kind, name }] of plan.buffers.entries())
      if (kind === 'input') this.#inputs.set(name, number);
    try {
      this.#sites = this.#place(layout, constants, states);
      this.#parts = this.#bindParts(states);
      if (!keepsStates) this.#watchStates();
      forgotten.register(this, this.#bound, this);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  #watchStates(): void {
    // Tensors live longer than plans on them: they are not to keep them.
    const plan = new WeakRef(this);
    for (const { storage } of this.#states)
      this.#unwatch.push(storage.whenFreed(() => plan.deref()?.dispose()));
  }

  #allocate(dtype: DType, length: number): DeviceBuffer {
    const storage = new Storage(this.#backend, dtype, length);
    storage.retain();
    storage.freeWhenForgotten();
    this.#own.push(storage);
    return storage.buffer;
  }

  #place(
    { blocks, places }: Layout,
    constants: RecordedPlan['contents']['constants'],
    states: RecordedPlan['contents']['states'],
  ): readonly Site[] {
    const memory = blocks.map(({ dtype, length }) => this.#allocate(dtype, length));
    return this.#plan.buffers.map(({ dtype, length }, number): Site => {
      const place = places.get(number);
      if (place) return { buffer: memory[place.block] as DeviceBuffer, offset: place.offset };
      const state = states.get(number);
      if (state) return { buffer: state.buffer, offset: 0 };
      const buffer = this.#allocate(dtype, length);
      const values = constants.get(number);
      if (values && length > 0) this.#backend.upload(buffer, values);
      return { buffer, offset: 0 };
    });
  }

  #bindParts(states: RecordedPlan['contents']['states']): readonly Part[] {
    const { calls, numbers, words } = resolvedCalls(this.#plan, this.#sites);
    for (const [name, list] of numbers) this.#lists.set(name, list);
    for (const place of words) this.#uniforms.push(place);
    return Array.from({ length: this.#plan.parts }, (_, part) => {
      const own = calls.filter((call) => call.part === part);
      const written = [...writtenBy(this.#plan, part)].flatMap((number) => states.get(number) ?? []);
      return { run: this.#runner(own), written };
    });
  }

  #runner(calls: readonly BoundCall[]): () => void {
    const backend = this.#backend;
    const prepared = backend.bind?.(calls, backend.kernels);
    if (prepared) {
      this.#bound.push(prepared);
      return () => prepared.run();
    }
    const bound = calls.map(({ kernel, args }) => {
      const own = backend.kernels[kernel] as ((...args: unknown[]) => void) | undefined;
      const list = args as Parameters<Kernels[KernelName]>;
      return own
        ? { run: own, self: backend.kernels, args }
        : { run: () => runKernel(backend, kernel, list), self: undefined, args: [] };
    });
    return () => {
      for (const { run, self, args } of bound) run.apply(self, args as unknown[]);
    };
  }

  /**
   * Sets an input.
   *
   * @param values as many as it has, of its dtype; a list of numbers or words for those
   * @throws ArgumentError for a name or a number of values that the plan does not have
   */
  set(name: string, values: TypedArray | readonly number[]): void {
    this.#requireLive('set');
    const list = this.#lists.get(name);
    if (list) {
      this.#requireLength(name, list.length, values.length);
      for (let k = 0; k < list.length; k++) list[k] = values[k] as number;
      return;
    }
    const number = this.#inputs.get(name);
    if (number === undefined) throw this.#stranger('set', name, this.#inputNames);
    const { dtype, length } = this.#plan.buffers[number] as Plan['buffers'][number];
    this.#requireLength(name, length, values.length);
    if (!ArrayBuffer.isView(values) || dtypeOf(values as TypedArray) !== dtype)
      throw new ArgumentError({
        operation: 'set',
        expected: `values of ${name} in a typed array of ${dtype}`,
        actual: shownValue(values),
      });
    if (length > 0) this.#backend.upload((this.#sites[number] as Site).buffer, values as TypedArray);
  }

  /**
   * Sets the words that are drawn for a run, in their order.
   *
   * @throws ArgumentError for another number of them
   */
  setWords(words: readonly number[]): void {
    this.#requireLive('setWords');
    this.#requireLength('words', this.#plan.words, words.length);
    for (const { list, at, word } of this.#uniforms) list[at] = words[word] as number;
  }

  /**
   * Whether tensors are where they were, and those whose contents decided what was recorded, such as the stored values of a
   * weight that was decoded before, have not changed. Else the plan is to be recorded again.
   */
  get isCurrent(): boolean {
    if (this.#isDisposed) return false;
    for (const { storage, buffer } of this.#states) if (storage.buffer !== buffer) return false;
    for (const [storage, version] of this.#versions) if (storage.version !== version) return false;
    return true;
  }

  /** Words that are set before a run. */
  get words(): number {
    return this.#plan.words;
  }

  /**
   * Runs the plan, or one of its parts. What it writes in place is known to have changed, also where a kernel throws.
   *
   * @param part default: all, one after the other
   */
  run(part?: number): void {
    this.#requireLive('run');
    recorder?.onBreak('run', 'a plan that runs inside of one that is recorded');
    if (!this.isCurrent) throw outdated();
    if (part === undefined) for (const own of this.#parts) runPart(own);
    else {
      const own = this.#parts[part];
      if (!own)
        throw new ArgumentError({
          operation: 'run',
          expected: `a part from 0 to ${this.#parts.length - 1}`,
          actual: shownValue(part),
        });
      runPart(own);
    }
  }

  /** A copy of an output, row by row. @throws ArgumentError for a name that the plan does not have */
  async read<A extends TypedArray = Float32Array>(name: string): Promise<A> {
    const { buffer, from, to } = this.#output('read', name);
    if (this.#backend.host) return this.#backend.host(buffer).slice(from, to) as A;
    return (await this.#backend.download(buffer)).slice(from, to) as A;
  }

  /** A copy of an output at once, as `read` gives it later; undefined where memory is not visible to script. */
  readSync<A extends TypedArray = Float32Array>(name: string): A | undefined {
    const { buffer, from, to } = this.#output('readSync', name);
    return this.#backend.host?.(buffer).slice(from, to) as A | undefined;
  }

  #output(operation: string, name: string) {
    this.#requireLive(operation);
    const { outputs } = this.#plan;
    if (!Object.hasOwn(outputs, name)) throw this.#stranger(operation, name, Object.keys(outputs));
    const { buffer, offset, shape } = viewAt(this.#sites, outputs[name] as PlanView);
    return { buffer, from: offset, to: offset + sizeOf(shape) };
  }

  get #inputNames(): readonly string[] {
    return [...this.#inputs.keys(), ...this.#lists.keys()];
  }

  #stranger(operation: string, name: string, known: readonly string[]): ArgumentError {
    return new ArgumentError({
      operation,
      expected: `one of ${known.join(', ') || 'none: the plan has no inputs'}`,
      actual: shownValue(name),
    });
  }

  #requireLength(name: string, expected: number, actual: number): void {
    if (actual !== expected)
      throw new ArgumentError({
        operation: 'set',
        expected: `${expected} values of ${name}: shapes of a plan are fixed`,
        actual: String(actual),
        remedy: 'Record another plan for another shape.',
      });
  }

  #requireLive(operation: string): void {
    if (this.#isDisposed)
      throw new PlanError({ operation, expected: 'a plan in use', actual: 'one that was disposed of' });
  }

  /** Frees its memory. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    forgotten.unregister(this);
    for (const end of this.#unwatch) end();
    for (const calls of this.#bound) calls.dispose();
    for (const storage of this.#own) storage.release();
    if (this.#keepsStates) for (const { storage } of this.#states) storage.release();
  }
}

/** Gives a recorded plan memory. @throws MemoryError where there is not enough */
export function bindPlan(recorded: RecordedPlan, options: BindOptions = {}): BoundPlan {
  if (!(recorded instanceof RecordedPlan))
    throw new ArgumentError({
      operation: 'bindPlan',
      expected: 'a plan, as planOf gives it',
      actual: shownValue(recorded),
    });
  checkOptions('bindPlan', bindRules, options);
  if ([...recorded.contents.states.values()].some(({ isFreed }) => isFreed))
    throw new PlanError({
      operation: 'bindPlan',
      expected: 'tensors that are alive',
      actual: 'one that was disposed of after the plan was recorded',
    });
  return new BoundPlan(recorded, options);
}

function runPart({ run, written }: Part): void {
  try {
    run();
  } finally {
    for (const storage of written) storage.version++;
  }
}

const outdated = () =>
  new PlanError({
    operation: 'run',
    expected: 'tensors as they were when the plan was recorded',
    actual:
      'one that has moved to another backend, or a weight that has changed after it was decoded for the plan',
    remedy: 'Record the plan again.',
  });
