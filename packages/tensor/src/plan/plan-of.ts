import { ArgumentError, checkOptions, option, shownValue } from '@funhash/hashing';
import { requireTensor, requireTensors } from '../arguments.ts';
import type { Backend } from '../backend.ts';
import { currentBackend } from '../backends.ts';
import { PlanError } from '../errors.ts';
import { recorder, setRecorder } from '../recorder.ts';
import { scope } from '../scope.ts';
import { Tensor } from '../tensor.ts';
import { PlanRecorder, type RecordedPlan } from './plan-recorder.ts';

/** Options of `planOf`: what differs from run to run, and names. */
export interface PlanOptions {
  /** Tensors whose values are set before a run, by name. Default: none. */
  readonly inputs?: Readonly<Record<string, Tensor>>;
  /** Names of tensors that the plan reads and writes in place, such as parameters. Others are called `outside.n`. */
  readonly states?: ReadonlyMap<string, Tensor>;
  /** Lists of scalars that are set before a run, by name: known as the very lists that `updateInPlace` is given. */
  readonly numbers?: Readonly<Record<string, readonly number[]>>;
  /**
   * Words that were drawn, such as the seeds of dropout, in their order; the list may grow while the body runs. Each is
   * found where it stands among the uniforms of a virtual matrix, and is set before a run.
   */
  readonly words?: readonly number[];
}

const record = <T>(what: string) =>
  option.that<Readonly<Record<string, T>>>(what, (value) => typeof value === 'object' && value !== null);

const planRules = {
  inputs: record<Tensor>('tensors by name'),
  states: option.that<ReadonlyMap<string, Tensor>>('a Map of tensors', (value) => value instanceof Map),
  numbers: record<readonly number[]>('lists of numbers by name'),
  words: option.that<readonly number[]>('a list of words', Array.isArray),
  backend: option.that<Backend>(
    'a backend',
    (value) => typeof value === 'object' && value !== null && 'kernels' in value,
  ),
  isStrict: option.flag(),
};

/** Options of a recording. */
export interface RecordingOptions extends PlanOptions {
  /** The one on which everything has to run. Default: the backend of the first input, else the current one. */
  readonly backend?: Backend;
  /** Whether what cannot be repeated is refused at once, by an error that is thrown where it stands. Default false. */
  readonly isStrict?: boolean;
}

/**
 * A recording in parts, between which values may be read: a step whose loss is looked at before it updates. What no plan
 * can repeat is kept as `refusal` and does not end what runs.
 */
export class PlanRecording {
  readonly #recorder: PlanRecorder;
  #parts = 0;

  constructor(options: RecordingOptions = {}) {
    checkOptions('planOf', planRules, options);
    const { inputs = {}, states = new Map(), numbers = {}, words = [], backend, isStrict = false } = options;
    requireTensors('planOf', Object.values(inputs), 'inputs');
    const own = backend ?? Object.values(inputs)[0]?.backend ?? currentBackend();
    this.#recorder = new PlanRecorder(own, { inputs, states, numbers, words }, isStrict);
  }

  /** Why there can be no plan; undefined where there can. */
  get refusal(): PlanError | undefined {
    return this.#recorder.refusal;
  }

  /** Runs a body, and writes down what it does as the next part of the plan. */
  part<T>(body: () => T): T {
    const close = this.open();
    try {
      return body();
    } finally {
      close();
    }
  }

  /** Begins the next part for code that does not suit a function, and returns what ends it, before any `await`. */
  open(): () => void {
    if (recorder)
      throw new PlanError({
        operation: 'planOf',
        expected: 'one plan at a time',
        actual: 'a plan that is recorded inside of another',
        remedy: 'Record the outer one alone: what runs inside of it is part of it.',
      });
    this.#recorder.part = this.#parts++;
    const before = setRecorder(this.#recorder);
    return () => void setRecorder(before);
  }

  /** Names a tensor whose values can be read after a run: one that lies in row-major order, while it is alive. */
  output(name: string, tensor: Tensor): void {
    requireTensor('output', tensor);
    this.#recorder.output(name, tensor);
  }

  /**
   * The plan of all parts.
   *
   * @param outputs besides those that `output` has named. Default: none
   * @param words see `PlanOptions`, where they are known only now
   * @throws PlanError where something cannot be repeated
   */
  finish(outputs: Readonly<Record<string, Tensor>> = {}, words?: readonly number[]): RecordedPlan {
    for (const [name, tensor] of Object.entries(outputs)) this.output(name, tensor);
    return this.#recorder.finish(words);
  }
}

/**
 * Runs a body and writes down the kernels that it calls: a plan, which repeats them with other inputs and without the
 * body. It gives the same bits. Shapes, and everything else that is decided outside of kernels, are fixed as they were.
 *
 *     const x = tensor(values, [50, 784]);
 *     const recorded = planOf(() => ({ y: net.forward(x) }), { inputs: { x } });
 *
 * @param body returns its outputs by name
 * @throws PlanError at what no plan can repeat: values that are read, another backend, a plan inside of it
 */
export function planOf(
  body: () => Readonly<Record<string, Tensor>>,
  options: PlanOptions = {},
): RecordedPlan {
  requireBody('planOf', body);
  const recording = new PlanRecording({ ...options, isStrict: true });
  return scope(() => {
    const outputs = recording.part(() => wholeOutputs(body()));
    return recording.finish(outputs);
  });
}

/**
 * The recording that is under way, for what keeps results of a body to use them again: in a plan each run has to make its
 * own, so that what was kept before the recording is not to be used in it.
 */
export function currentRecording(): object | undefined {
  return recorder;
}

/** Runs a body apart from a recording that is under way: what it does is done once, and is part of no plan. */
export function unrecorded<T>(body: () => T): T {
  requireBody('unrecorded', body);
  const before = setRecorder(undefined);
  try {
    return body();
  } finally {
    setRecorder(before);
  }
}

/** Tells a recording that what follows was decided by the contents of tensors: once they change, the plan is out of date. */
export function decideByContents(tensors: readonly Tensor[]): void {
  requireTensors('decideByContents', tensors, 'tensors');
  if (recorder) for (const { storage } of tensors) recorder.onContents(storage);
}

function requireBody(operation: string, body: unknown): void {
  if (typeof body !== 'function')
    throw new ArgumentError({ operation, expected: 'a function', actual: shownValue(body) });
}

function wholeOutputs(outputs: unknown): Record<string, Tensor> {
  const entries = Object.entries((outputs ?? {}) as Record<string, unknown>);
  const isRecord = !(outputs instanceof Promise || outputs instanceof Tensor);
  if (!isRecord || entries.length === 0 || !entries.every(([, value]) => value instanceof Tensor)) {
    if (outputs instanceof Promise) outputs.catch(() => {});
    throw new ArgumentError({
      operation: 'planOf',
      expected: 'a body that returns tensors by name at once: () => ({ y: … })',
      actual: shownValue(outputs),
    });
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, (value as Tensor).contiguous()]));
}
