import { Program } from '@funhash/formula';
import type { Backend, DeviceBuffer, View, VirtualView } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { PlanError } from '../errors.ts';
import type { Recorded, Recorder } from '../recorder.ts';
import type { KernelName } from '../run-kernel.ts';
import type { Tensor } from '../tensor.ts';
import {
  type BufferKind,
  buffersOf,
  type Plan,
  type PlanArgument,
  type PlanBuffer,
  type PlanCall,
  type PlanView,
  type WordPlace,
  writtenBy,
} from './plan.ts';

/** What a plan is recorded with: see `PlanOptions`. */
export interface RecorderSources {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly states: ReadonlyMap<string, Tensor>;
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  /** Words that were drawn, in their order: it grows while the plan is recorded. */
  readonly words: readonly number[];
}

/** Contents that a plan stands on, by numbers of buffers. */
interface PlanContents {
  readonly constants: ReadonlyMap<number, TypedArray>;
  readonly states: ReadonlyMap<number, Recorded>;
  /** Storages whose contents decided what was recorded, at these versions: with others the plan is out of date. */
  readonly versions: ReadonlyMap<Recorded, number>;
}

/** A plan, its backend, and the contents that it stands on. */
export class RecordedPlan {
  readonly plan: Plan;
  readonly backend: Backend;
  readonly contents: PlanContents;

  constructor(plan: Plan, backend: Backend, contents: PlanContents) {
    this.plan = plan;
    this.backend = backend;
    this.contents = contents;
  }

  /** Another plan on the same buffers and contents, as passes make it. */
  with(plan: Plan): RecordedPlan {
    return new RecordedPlan(plan, this.backend, this.contents);
  }

  /** Names of the states that a part writes. */
  statesWritten(part: number): readonly string[] {
    const written = [...writtenBy(this.plan, part)].map((number) => this.plan.buffers[number] as PlanBuffer);
    return written.filter(({ kind }) => kind === 'state').map(({ name }) => name);
  }
}

interface Entry {
  readonly kind: BufferKind;
  readonly name: string;
  readonly buffer: DeviceBuffer;
}

/** Writes down what runs on a backend. The first thing that no plan can repeat is kept as `refusal`. */
export class PlanRecorder implements Recorder {
  refusal: PlanError | undefined;
  part = 0;
  readonly #isStrict: boolean;
  readonly #sources: RecorderSources;
  readonly #backend: Backend;
  readonly #entries: Entry[] = [];
  readonly #numbers = new Map<DeviceBuffer, number>();
  readonly #storages = new Map<DeviceBuffer, Recorded>();
  readonly #made = new Set<DeviceBuffer>();
  readonly #constants = new Map<DeviceBuffer, TypedArray>();
  readonly #versions = new Map<Recorded, number>();
  readonly #programs = new Map<Program, number>();
  readonly #lists = new Map<unknown, string>();
  readonly #calls: PlanCall[] = [];
  readonly #outputs: Record<string, PlanView> = {};

  /** @param isStrict whether what cannot be repeated is refused at once, where it stands */
  constructor(backend: Backend, sources: RecorderSources, isStrict: boolean) {
    this.#isStrict = isStrict;
    this.#backend = backend;
    this.#sources = sources;
    for (const [name, list] of Object.entries(sources.numbers)) this.#lists.set(list, name);
    for (const [name, tensor] of Object.entries(sources.inputs)) {
      if (tensor.offset !== 0 || !tensor.isContiguous || tensor.size !== tensor.buffer.length)
        this.#refuse('plan', `the input ${name} to be a whole tensor`, `a window: ${tensor}`);
      this.#enter(tensor.buffer, 'input', name);
    }
  }

  onCall(backend: Backend, kernel: KernelName, args: readonly unknown[]): void {
    if (this.refusal) return;
    if (backend !== this.#backend) {
      this.#refuse(kernel, `kernels of backend ${this.#backend.name}`, `one of ${backend.name}`);
      return;
    }
    const call = { kernel, args: args.map((arg) => this.#argument(arg)), part: this.part };
    this.#calls.push(call);
    for (const buffer of buffersOf(call).written) {
      const { kind, name } = this.#entries[buffer] as Entry;
      if (kind === 'constant' || kind === 'input')
        this.#refuse(kernel, 'inputs and constants to be left as they are', `${kind} ${name} written`);
    }
  }

  onAllocate(buffer: DeviceBuffer): void {
    this.#made.add(buffer);
  }

  onUse(storage: Recorded, buffer: DeviceBuffer): void {
    this.#storages.set(buffer, storage);
  }

  onUpload(buffer: DeviceBuffer, values: TypedArray): void {
    this.#constants.set(buffer, values.slice() as TypedArray);
  }

  onContents(storage: Recorded): void {
    this.#versions.set(storage, storage.version);
  }

  /** What stands outside and was not used yet moves once, in front of the plan; what the plan knows would stay behind. */
  onMove(buffer: DeviceBuffer): void {
    if (this.#numbers.has(buffer) || this.#made.has(buffer) || this.#constants.has(buffer))
      this.onBreak('plan', 'a tensor that moves to another backend');
  }

  onBreak(operation: string, what: string): void {
    this.#refuse(operation, 'a body that neither reads values nor leaves its backend', what);
  }

  #refuse(operation: string, expected: string, actual: string): void {
    const last = this.#calls.at(-1);
    this.refusal ??= new PlanError({
      operation,
      expected: `${expected}, for a plan`,
      actual: `${actual}, ${last ? `after call ${this.#calls.length}, ${last.kernel}` : 'before the first kernel'}`,
      remedy: 'Run it without a plan, or read values after it as outputs of the plan.',
    });
    if (this.#isStrict) throw this.refusal;
  }

  #enter(buffer: DeviceBuffer, kind: BufferKind, name: string): number {
    const number = this.#entries.push({ kind, name, buffer }) - 1;
    this.#numbers.set(buffer, number);
    return number;
  }

  #numberOf(buffer: DeviceBuffer): number {
    const known = this.#numbers.get(buffer);
    if (known !== undefined) return known;
    if (this.#constants.has(buffer)) return this.#enter(buffer, 'constant', '');
    if (this.#made.has(buffer)) return this.#enter(buffer, 'temporary', '');
    const storage = this.#storages.get(buffer);
    if (!storage) this.#refuse('plan', 'views of tensors', 'one of a buffer that no tensor has');
    const named = [...this.#sources.states].find(([, tensor]) => tensor.storage === storage);
    return this.#enter(buffer, 'state', named?.[0] ?? `outside.${this.#entries.length}`);
  }

  #view({ buffer, shape, strides, offset }: View): PlanView {
    return { buffer: this.#numberOf(buffer), shape: [...shape], strides: [...strides], offset };
  }

  #argument(arg: unknown): PlanArgument {
    if (typeof arg !== 'object' || arg === null) return arg as PlanArgument;
    if (arg instanceof Program) return { program: this.#programNumber(arg) };
    const list = this.#lists.get(arg);
    if (list !== undefined) return { numbers: list };
    if (Array.isArray(arg)) return arg.map((member) => this.#argument(member));
    if ('strides' in arg) return this.#view(arg as View);
    if ('stored' in arg) {
      const { program, rows, cols, uniforms, scalars, stored } = arg as VirtualView;
      return {
        ...{ program: this.#argument(program), rows, cols, uniforms: [...uniforms], scalars: [...scalars] },
        stored: stored.map((view) => this.#view(view)),
      };
    }
    return Object.fromEntries(Object.entries(arg).map(([field, value]) => [field, this.#argument(value)]));
  }

  #programNumber(program: Program): number {
    const known = this.#programs.get(program);
    if (known !== undefined) return known;
    this.#programs.set(program, this.#programs.size);
    return this.#programs.size - 1;
  }

  output(name: string, tensor: Tensor): void {
    this.#outputs[name] = this.#view(tensor);
  }

  /** The plan of what was recorded. @throws PlanError where something cannot be repeated */
  finish(words = this.#sources.words): RecordedPlan {
    const wordPlaces = this.#wordPlaces(words);
    if (this.refusal) throw this.refusal;
    const buffers = this.#entries.map(
      ({ kind, name, buffer: { dtype, length } }): PlanBuffer => ({ kind, name, dtype, length }),
    );
    const contents = <T>(kind: BufferKind, of: (buffer: DeviceBuffer) => T | undefined): Map<number, T> =>
      new Map(
        this.#entries.flatMap((entry, number) =>
          entry.kind === kind ? [[number, of(entry.buffer) as T] as const] : [],
        ),
      );
    const plan: Plan = {
      version: 1,
      buffers,
      programs: [...this.#programs.keys()],
      calls: this.#calls,
      parts: this.part + 1,
      numbers: Object.fromEntries(
        Object.entries(this.#sources.numbers).map(([name, { length }]) => [name, length]),
      ),
      words: words.length,
      wordPlaces,
      outputs: this.#outputs,
    };
    return new RecordedPlan(plan, this.#backend, {
      constants: contents('constant', (buffer) => this.#constants.get(buffer)),
      states: contents('state', (buffer) => this.#storages.get(buffer)),
      versions: this.#versions,
    });
  }

  // A word is used as it is: it stands among the uniforms of virtual matrices, and nowhere else.
  #wordPlaces(words: readonly number[]): WordPlace[] {
    const places: WordPlace[] = [];
    const order = new Map(words.map((word, k) => [word, k]));
    if (order.size < words.length) this.#refuse('plan', 'words that differ', 'one word drawn twice');
    this.#calls.forEach(({ args }, call) => {
      args.forEach((arg, argument) => {
        const uniforms =
          (arg as { readonly uniforms?: readonly number[] } | null | undefined)?.uniforms ?? [];
        uniforms.forEach((value, uniform) => {
          const word = order.get(value);
          if (word !== undefined) places.push({ word, call, argument, uniform });
        });
      });
    });
    const used = new Set(places.map(({ word }) => word));
    words.forEach((_, k) => {
      if (!used.has(k))
        this.#refuse(
          'plan',
          'words of the random source to be seeds of random tensors and weights, used as they are',
          `word ${k} used otherwise`,
        );
    });
    return places;
  }
}
