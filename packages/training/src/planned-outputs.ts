import { FunhashError } from '@funhash/hashing';
import {
  type BoundPlan,
  bindPlan,
  currentBackend,
  PlanError,
  PlanRecording,
  type RecordedPlan,
  type Shape,
  scope,
  type Tensor,
  tensor,
} from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';

/** Things by name. */
type Named<T, Name extends string = string> = Readonly<Record<Name, T>>;

/** A function of tensors that always does the same, and gives what is to be read. */
type Body<In extends string, Out extends string> = (inputs: Named<Tensor, In>) => Named<Tensor, Out>;

/** What is known of inputs of some shapes. */
interface Known<Out extends string> {
  readonly recorded: RecordedPlan;
  readonly shapes: Named<Shape, Out>;
  readonly bound: BoundPlan | undefined;
}

/** Shapes that have plans at a time: those of a full and of a last batch, and as many again. */
const mostShapes = 4;

/** Bytes of temporaries with which a plan is kept between calls; a larger one is recorded again, which is little beside its run. */
const mostKeptBytes = 2 ** 22;

/**
 * Outputs of a function, by plans: at the first call for shapes it is recorded, from the second on its plan runs in its place,
 * with the same bits. A plan is given up with the first tensor of the model that is freed, moved or decoded anew.
 */
export class PlannedOutputs<In extends string, Out extends string> {
  readonly #body: Body<In, Out>;
  readonly #known = new Map<string, Known<Out>>();
  /** Shapes for which there can be no plan. */
  readonly #unplanned = new Set<string>();
  #isBusy = false;

  constructor(body: Body<In, Out>) {
    this.#body = body;
  }

  /** What the body gives for these inputs. */
  async of(inputs: Named<NumericArray, In>): Promise<Named<NumericArray, Out>> {
    const key = keyOf(inputs);
    // A plan has one memory, which belongs to whoever waits for its outputs.
    if (this.#isBusy || this.#unplanned.has(key)) return outputsOf(this.#body, inputs);
    const known = this.#currentPlan(key);
    if (!known) return this.#record(key, inputs);
    this.#isBusy = true;
    try {
      // The body itself says better what is wrong.
      return (await run(known, inputs)) ?? (await outputsOf(this.#body, inputs));
    } finally {
      this.#isBusy = false;
    }
  }

  #currentPlan(key: string): Known<Out> | undefined {
    const known = this.#known.get(key);
    if (!known) return undefined;
    this.#known.delete(key);
    const bound = known.recorded.backend === currentBackend() ? boundOf(known) : undefined;
    if (!bound?.isCurrent) {
      known.bound?.dispose();
      return undefined;
    }
    const current = { ...known, bound };
    // The one that was used last comes last.
    this.#known.set(key, current);
    return current;
  }

  #record(key: string, inputs: Named<NumericArray, In>): Promise<Named<NumericArray, Out>> {
    const outputs = scope(() => {
      const given = onDevice(inputs);
      const recording = new PlanRecording({ inputs: given });
      const found = recording.part(() => contiguous(this.#body(given)));
      this.#note(key, recording, found);
      return found;
    });
    return read(outputs);
  }

  #note(key: string, recording: PlanRecording, outputs: Named<Tensor, Out>): void {
    try {
      const recorded = recording.finish(outputs);
      const [oldest] = this.#known.keys();
      if (oldest !== undefined && this.#known.size >= mostShapes) this.#forget(oldest);
      const shapes = mapped(outputs, ({ shape }) => shape);
      if (recorded.statesWritten(0).length === 0)
        this.#known.set(key, { recorded, shapes, bound: undefined });
      else this.#unplanned.add(key);
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      this.#unplanned.add(key);
    }
  }

  #forget(key: string): void {
    this.#known.get(key)?.bound?.dispose();
    this.#known.delete(key);
  }

  /** Gives back plans that take much memory. */
  rest(): void {
    if (this.#isBusy) return;
    for (const [key, { bound }] of [...this.#known])
      if (bound && bound.temporaryBytes > mostKeptBytes) this.#forget(key);
  }

  dispose(): void {
    for (const key of [...this.#known.keys()]) this.#forget(key);
  }
}

/** The same without plans. */
export function outputsOf<In extends string, Out extends string>(
  body: Body<In, Out>,
  inputs: Named<NumericArray, In>,
): Promise<Named<NumericArray, Out>> {
  return read(scope(() => body(onDevice(inputs))));
}

async function read<Out extends string>(outputs: Named<Tensor, Out>): Promise<Named<NumericArray, Out>> {
  const tensors = Object.entries<Tensor>(outputs);
  try {
    const found: [string, NumericArray][] = [];
    for (const [name, y] of tensors) found.push([name, { shape: y.shape, data: await y.data() }]);
    return Object.fromEntries(found) as Named<NumericArray, Out>;
  } finally {
    for (const [, y] of tensors) y.dispose();
  }
}

/** What a plan gives; undefined where a kernel refuses something. */
async function run<Out extends string>(
  { bound, shapes }: Known<Out>,
  inputs: Named<NumericArray>,
): Promise<Named<NumericArray, Out> | undefined> {
  if (!bound) return undefined;
  for (const [name, { data }] of Object.entries(inputs)) bound.set(name, data);
  try {
    bound.run();
  } catch (error) {
    if (error instanceof FunhashError) return undefined;
    throw error;
  }
  const found: [string, NumericArray][] = [];
  for (const [name, shape] of Object.entries<Shape>(shapes))
    found.push([name, { shape, data: bound.readSync(name) ?? (await bound.read(name)) }]);
  return Object.fromEntries(found) as Named<NumericArray, Out>;
}

function boundOf({ recorded, bound }: Known<string>): BoundPlan | undefined {
  if (bound) return bound;
  try {
    return bindPlan(recorded, { keepsStates: false });
  } catch (error) {
    if (error instanceof PlanError) return undefined;
    throw error;
  }
}

function mapped<T, U, Name extends string>(values: Named<T, Name>, change: (value: T) => U): Named<U, Name> {
  const entries = Object.entries<T>(values).map(([name, value]) => [name, change(value)]);
  return Object.fromEntries(entries) as Named<U, Name>;
}

const onDevice = <In extends string>(inputs: Named<NumericArray, In>): Named<Tensor, In> =>
  mapped(inputs, ({ shape, data }: NumericArray) => tensor(data, shape));

const contiguous = <Out extends string>(outputs: Named<Tensor, Out>): Named<Tensor, Out> =>
  mapped(outputs, (y: Tensor) => y.contiguous());

function keyOf(inputs: Named<NumericArray>): string {
  return Object.entries(inputs)
    .map(([name, { shape, data }]) => `${name} ${data.constructor.name} ${shape}`)
    .join(' | ');
}
