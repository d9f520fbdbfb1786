import { FunhashError, type Random } from '@funhash/hashing';
import {
  type BoundPlan,
  bindPlan,
  isSamePlan,
  PlanError,
  PlanRecording,
  type RecordedPlan,
  recordedWords,
  type Shape,
  sameShape,
  type Tensor,
} from '@funhash/tensor';
import type { Arrays } from './examples.ts';
import type { BoundOptimizer, NumericArray } from './optimizer.ts';

/** A plan of a step on batches of one shape: its first part finds loss and gradients, its second moves what is stored. */
export interface PlannedStep {
  readonly plan: BoundPlan;
  readonly outputs: Shape;
  /** Names of the lists of scalars, one for each parameter. */
  readonly names: readonly string[];
  /** Outputs of one number that have to be finite before the second part runs, the loss first. */
  readonly checked: readonly string[];
}

/** What is known of steps on batches of one shape. */
interface Known {
  /** The last recording, which the next one is compared with. */
  recorded: RecordedPlan | undefined;
  planned: PlannedStep | undefined;
  attempts: number;
}

/** Shapes of batches that have plans of their own at a time: the full and the last one, of two runs of lengths. */
const mostShapes = 4;

/** Recordings that differ before steps of a shape are given up as ones that do not repeat. */
const mostAttempts = 4;

/**
 * The plans of the steps of a run. Steps are recorded as they are taken, until two recordings are the same but for what a plan
 * is told: then nothing but batches, words and scalars decides them, and plans take the others.
 */
export class PlannedSteps {
  readonly #known = new Map<string, Known>();
  /** What was found last, which most batches need again. */
  #last: { readonly batch: Arrays; readonly planned: PlannedStep } | undefined;

  /** The plan for a batch, where there is one. */
  planFor(batch: Arrays): PlannedStep | undefined {
    if (this.#last && isAlike(this.#last.batch, batch) && this.#last.planned.plan.isCurrent)
      return this.#last.planned;
    this.#last = undefined;
    const known = this.#known.get(keyOf(batch));
    if (!known?.planned) return undefined;
    if (known.planned.plan.isCurrent) {
      this.#last = { batch, planned: known.planned };
      return known.planned;
    }
    known.planned.plan.dispose();
    this.#known.delete(keyOf(batch));
    return undefined;
  }

  /** A recording of a step on a batch; undefined where steps of its shape do not repeat. */
  recordingFor(batch: Arrays, optimizer: BoundOptimizer): StepRecording | undefined {
    const known = this.#known.get(keyOf(batch));
    if (known && (known.planned || known.attempts >= mostAttempts)) return undefined;
    return new StepRecording(optimizer.prepare?.() ?? []);
  }

  /** Notes a recording of a step that was taken. */
  note(batch: Arrays, recording: StepRecording): void {
    const key = keyOf(batch);
    const known = this.#known.get(key) ?? { recorded: undefined, planned: undefined, attempts: 0 };
    this.#known.set(key, known);
    const recorded = recording.finish();
    if (!recorded) {
      known.attempts = mostAttempts;
      known.recorded = undefined;
      return;
    }
    known.attempts++;
    if (known.recorded && isSamePlan(known.recorded, recorded)) {
      this.#makeRoom();
      known.planned = { plan: bindPlan(recorded), ...recording.results };
      known.recorded = undefined;
    } else known.recorded = known.attempts < mostAttempts ? recorded : undefined;
  }

  #makeRoom(): void {
    const planned = [...this.#known].filter(([, { planned }]) => planned);
    if (planned.length < mostShapes) return;
    const [key, oldest] = planned[0] as [string, Known];
    oldest.planned?.plan.dispose();
    this.#known.delete(key);
    this.#last = undefined;
  }

  dispose(): void {
    for (const { planned } of this.#known.values()) planned?.plan.dispose();
    this.#known.clear();
    this.#last = undefined;
  }
}

function isAlike(a: Arrays, b: Arrays): boolean {
  const same = (one: NumericArray, other: NumericArray): boolean =>
    one.data.constructor === other.data.constructor && sameShape(one.shape, other.shape);
  return same(a.inputs, b.inputs) && same(a.targets, b.targets);
}

function keyOf({ inputs, targets }: Arrays): string {
  const kind = ({ shape, data }: NumericArray): string => `${data.constructor.name} ${shape}`;
  return `${kind(inputs)} | ${kind(targets)}`;
}

/** A step that is written down while it is taken. */
export class StepRecording {
  readonly #scalars: readonly (readonly number[])[];
  #recording: PlanRecording | undefined;
  #words: readonly number[] = [];
  #outputs: Shape = [];
  #checked: readonly string[] = [];
  #end = (): void => {};

  /** @param scalars the lists that the optimiser gives to its kernels */
  constructor(scalars: readonly (readonly number[])[]) {
    this.#scalars = scalars;
  }

  /** Begins the first part, on a batch that is on the device; gives the source of words for it. */
  begin(inputs: Tensor, targets: Tensor, source: Random): Random {
    const numbers = Object.fromEntries(this.#scalars.map((list, k) => [scalarsName(k), list]));
    this.#recording = new PlanRecording({ inputs: { inputs, targets }, numbers });
    const { random, words } = recordedWords(source);
    this.#words = words;
    this.#end = this.#recording.open();
    return random;
  }

  /** Names what the first part has found: numbers that have to be finite, and the shape of outputs. */
  found(loss: Tensor, checksum: Tensor | undefined, outputs: Shape): void {
    this.#outputs = outputs;
    const checked = { loss, ...(checksum && { checksum }) };
    this.#checked = Object.keys(checked);
    for (const [name, tensor] of Object.entries(checked)) this.#recording?.output(name, tensor);
  }

  /** Begins the second part. */
  resume(): void {
    if (this.#recording) this.#end = this.#recording.open();
  }

  /** Ends a part, also where it fails. */
  pause(): void {
    this.#end();
    this.#end = () => {};
  }

  /** What was recorded; undefined where no plan can repeat it. */
  finish(): RecordedPlan | undefined {
    try {
      const recorded = this.#recording?.finish({}, this.#words);
      // What is stored is not to move before the loss was seen.
      return recorded?.statesWritten(0).length === 0 ? recorded : undefined;
    } catch (error) {
      if (error instanceof PlanError) return undefined;
      throw error;
    }
  }

  get results(): Omit<PlannedStep, 'plan'> {
    return {
      outputs: this.#outputs,
      names: this.#scalars.map((_, k) => scalarsName(k)),
      checked: this.#checked,
    };
  }
}

const scalarsName = (k: number): string => `scalars.${k}`;

/**
 * Runs the first part of a planned step, and gives its loss: at once where memory is visible to script. Undefined where a
 * kernel refuses something or a number that is checked is not finite; nothing that is stored has moved.
 */
export function runGradients(
  { plan, checked }: PlannedStep,
  { inputs, targets }: Arrays,
  source: () => Random,
): Promise<number | undefined> | number | undefined {
  plan.set('inputs', inputs.data);
  plan.set('targets', targets.data);
  if (plan.words > 0) {
    const random = source();
    plan.setWords(Array.from({ length: plan.words }, () => random.uint32()));
  }
  try {
    plan.run(0);
  } catch (error) {
    if (error instanceof FunhashError) return undefined;
    throw error;
  }
  let loss: number | undefined;
  for (const name of checked) {
    const values = plan.readSync(name);
    if (!values) return finiteLoss(plan, checked);
    if (!Number.isFinite(values[0])) return undefined;
    loss ??= values[0];
  }
  return loss;
}

async function finiteLoss(plan: BoundPlan, checked: readonly string[]): Promise<number | undefined> {
  const numbers = await Promise.all(checked.map(async (name) => (await plan.read(name))[0] as number));
  return numbers.every(Number.isFinite) ? numbers[0] : undefined;
}

/** Runs the second part of a planned step. */
export function runUpdate({ plan, names }: PlannedStep, scalars: readonly (readonly number[])[]): void {
  for (let k = 0; k < scalars.length; k++) plan.set(names[k] as string, scalars[k] as readonly number[]);
  plan.run(1);
}
