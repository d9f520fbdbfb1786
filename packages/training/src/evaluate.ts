import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { type Model, type Module, repeats } from '@funhash/layers';
import { decodedOnce, type Weight, worthDecoding } from '@funhash/space';
import { type FloatDType, isFloat, type Shape, Tensor, tensor } from '@funhash/tensor';
import { eventLoopPauses } from './event-loop.ts';
import {
  type Arrays,
  arraysOf,
  type Examples,
  type ExamplesPlace,
  inputsOf,
  rowsOf,
  takeRows,
} from './examples.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';
import type { Metric } from './metrics.ts';
import type { NumericArray } from './optimizer.ts';
import type { Numbers } from './packed-numbers.ts';
import { outputsOf, PlannedOutputs } from './planned-outputs.ts';
import { isKnownLoss, requireTargets } from './targets.ts';

/** Metrics by the names that results give them. */
export type Metrics = Readonly<Record<string, Metric>>;

/** Results of a judgement: `loss`, and the metrics by their names. */
export type Scores<M extends Metrics = Metrics> = { readonly loss: number } & {
  readonly [K in keyof M]: number;
};

export const metricsRule = option.that<Metrics>(
  'metrics by names, such as { errorRate }',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((metric) => typeof metric === 'function'),
);

export const evaluateRules = {
  /** A mean over examples. Default softmaxCrossEntropy, where targets leave no doubt: labels or probabilities of classes. */
  loss: option.callable<Loss>('a loss, such as meanSquaredError'),
  /** Metrics over all examples, by the names of the results, such as `{ errorRate }`. */
  metrics: metricsRule,
  /** Examples in a batch, of examples in memory. Default 500; changes speed only. */
  batchSize: option.count(),
  /**
   * Whether batches are recorded once for each shape and then judged by that plan: faster, with the same bits. Default: where
   * layers and loss are of this library.
   */
  plans: option.flag(),
};

/** Options of `evaluate`. */
export interface EvaluateOptions<M extends Metrics> extends Omit<OptionsOf<typeof evaluateRules>, 'metrics'> {
  /** Metrics over all examples, by the names of the results, such as `{ errorRate }`. */
  readonly metrics?: M;
}

/**
 * The loss and metrics of a model over a data set, without training. The event loop is left free.
 *
 * @param data examples, or batches of them
 * @throws ArgumentError for examples that do not fit each other, the model or the loss; OptionError for an unknown option
 */
export async function evaluate<M extends Metrics = Record<never, never>>(
  model: Model,
  data: Examples | Iterable<Examples>,
  options: EvaluateOptions<M> = {},
): Promise<Scores<M>> {
  checkOptions('evaluate', evaluateRules, options);
  requireModel('evaluate', model);
  return evaluateArrays(model, arraysIn(data, { operation: 'evaluate', name: 'data' }), options);
}

/**
 * The parts of a data set, to be iterated as often as the data can be. Those that are there are checked at once.
 *
 * @param place names the data set in errors
 */
export function arraysIn(
  data: Examples | Iterable<Examples>,
  { operation, name }: Required<ExamplesPlace>,
): Iterable<Arrays> {
  const batch = (examples: Examples, k: number): Arrays =>
    arraysOf(examples, { operation, name: `${name}[${k}]` });
  if (Array.isArray(data)) return data.map(batch);
  if (typeof data !== 'object' || data === null || !(Symbol.iterator in data))
    return [arraysOf(data, { operation, name })];
  return {
    *[Symbol.iterator]() {
      let k = 0;
      for (const examples of data) yield batch(examples, k++);
    },
  };
}

/** Judges a model as `evaluate` does, by examples whose shapes are known. */
export async function evaluateArrays<M extends Metrics>(
  model: Model,
  batches: Iterable<Arrays>,
  { loss: given, metrics = {} as M, batchSize = 500, plans }: EvaluateOptions<M>,
  requireFit = (outputs: Shape, examples: Arrays): void =>
    requireTargets(given, outputs, examples, { operation: 'evaluate', name: 'data' }),
): Promise<Scores<M>> {
  const loss = given ?? softmaxCrossEntropy;
  const dtype = dtypeOfModel(model);
  const pause = eventLoopPauses();
  const outputs: NumericArray[] = [];
  const targets: NumericArray[] = [];
  let [count, total] = [0, 0];
  let unchecked: Arrays | undefined;
  const check = (shape: Shape): void => {
    if (unchecked) requireFit(shape, unchecked);
    unchecked = undefined;
  };
  const body = (tensors: Readonly<Record<'inputs' | 'targets', Tensor>>) => {
    const y = asTensor(model.forward(tensors.inputs));
    check(y.shape);
    return { y, mean: loss(y, tensors.targets) };
  };
  const isPlanned = plans ?? (repeats(model) && (given === undefined || isKnownLoss(given)));
  const planned = isPlanned ? new PlannedOutputs(body) : undefined;
  try {
    for (const { batch, first } of pieces(batches, batchSize, dtype)) {
      unchecked = first;
      const arrays = { inputs: batch.inputs, targets: batch.targets };
      const { y, mean } = await (planned?.of(arrays) ?? outputsOf(body, arrays));
      check(y.shape);
      total += (mean.data[0] as number) * batch.count;
      outputs.push(y);
      targets.push(batch.targets);
      count += batch.count;
      await pause();
    }
  } finally {
    planned?.dispose();
  }
  if (count === 0) throw new ArgumentError({ operation: 'evaluate', expected: 'examples', actual: 'none' });
  const [y, t] = [joined(outputs), joined(targets)];
  const scores = Object.entries(metrics).map(([name, metric]) => [name, metric(y, t)]);
  return { loss: total / count, ...Object.fromEntries(scores) };
}

export const predictRules = {
  /** Examples in a batch. Default 500; changes speed only. */
  batchSize: option.count(),
  /** Number of examples in flat inputs; else their `inputShape` tells it. */
  count: option.count(),
  /** Shape of one input. Default: that of the nesting, else one axis. */
  inputShape: option.list(option.count()),
  /**
   * Whether a batch is recorded once for each shape and then run by that plan, also in later calls: faster, with the same bits.
   * Default: where all layers are of this library.
   */
  plans: option.flag(),
  /**
   * Bytes that virtual weights of policy `tile` may take decoded, the smallest first; they are kept until their values change or
   * the model is disposed of. Default 2^26 (64 MiB). 0: weights are decoded at every use, panel by panel.
   */
  decodedBytes: option.integer({ least: 0 }),
};

/** Options of `predict`. */
export type PredictOptions = OptionsOf<typeof predictRules>;

/**
 * The outputs of a model, [N, …], for inputs [N, …]. The event loop is left free.
 *
 * @throws ArgumentError for inputs whose number cannot be told, OptionError for an unknown option
 */
export async function predict(
  model: Model,
  inputs: Numbers,
  options: PredictOptions = {},
): Promise<NumericArray> {
  checkOptions('predict', predictRules, options);
  requireModel('predict', model);
  const { batchSize = 500, plans = repeats(model), decodedBytes = mostDecodedBytes, ...shape } = options;
  const all = inputsOf(inputs, shape);
  const dtype = dtypeOfModel(model);
  const pause = eventLoopPauses();
  const outputs: NumericArray[] = [];
  const forward = forwardOf(model, decodedBytes);
  const planned = plans ? plansOf(model, decodedBytes, forward) : undefined;
  try {
    for (const places of ranges(all.shape[0] as number, batchSize)) {
      const batch = { x: rowsOf(all, places, dtype) };
      const { y } = await (planned?.of(batch) ?? outputsOf(forward, batch));
      outputs.push(y);
      await pause();
    }
  } finally {
    planned?.rest();
  }
  return joined(outputs);
}

const mostDecodedBytes = 2 ** 26;

type Forward = (tensors: { readonly x: Tensor }) => { readonly y: Tensor };

/** The outputs y of a model for x, its weights decoded once where that takes so many bytes at most. */
function forwardOf(model: Model, decodedBytes: number): Forward {
  const weights: Iterable<Weight> = (model as Partial<Module>).weights?.().values() ?? [];
  const chosen = worthDecoding(weights, decodedBytes);
  return ({ x }) => decodedOnce(chosen, () => ({ y: asTensor(model.forward(x)) }));
}

interface ModelPlans {
  readonly decodedBytes: number;
  readonly planned: PlannedOutputs<'x', 'y'>;
}

const plansOfModels = new WeakMap<Model, ModelPlans>();

/** The plans of a model, which last from one call to the next. */
function plansOf(model: Model, decodedBytes: number, forward: Forward): PlannedOutputs<'x', 'y'> {
  const known = plansOfModels.get(model);
  if (known?.decodedBytes === decodedBytes) return known.planned;
  known?.planned.dispose();
  const planned = new PlannedOutputs(forward);
  plansOfModels.set(model, { decodedBytes, planned });
  return planned;
}

/** What `forward` gave, which is a tensor. @throws ArgumentError where it is not */
export function asTensor(outputs: unknown): Tensor {
  if (outputs instanceof Tensor) return outputs;
  throw new ArgumentError({
    operation: 'forward',
    expected: 'a model whose forward gives a tensor',
    actual: shownValue(outputs),
  });
}

/** @throws ArgumentError unless something can be asked for outputs and parameters */
function requireModel(operation: string, model: unknown): asserts model is Model {
  if (isModel(model)) return;
  throw new ArgumentError({ operation, expected: modelRule.expected, actual: shownValue(model) });
}

const isModel = (value: unknown): value is Model =>
  typeof value === 'object' &&
  value !== null &&
  ['forward', 'namedParameters'].every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'function',
  );

export const modelRule = option.that<Model>('a model, with forward and namedParameters', isModel);

/** The precision of a model's parameters, which its inputs must have; f32 where it has none. */
export function dtypeOfModel(model: Model): FloatDType {
  for (const { value } of model.namedParameters().values()) if (isFloat(value.dtype)) return value.dtype;
  return 'f32';
}

export function onDevice({ shape, data }: NumericArray): Tensor {
  return tensor(data, shape);
}

function* ranges(count: number, size: number): Iterable<Uint32Array> {
  for (let from = 0; from < count; from += size)
    yield Uint32Array.from({ length: Math.min(size, count - from) }, (_, k) => from + k);
}

/** Batches in pieces; beside the first of each, all of it. */
function* pieces(
  batches: Iterable<Arrays>,
  size: number,
  dtype: FloatDType,
): Iterable<{ readonly batch: Arrays; readonly first?: Arrays }> {
  for (const all of batches)
    for (const places of ranges(all.count, size)) {
      const batch = takeRows(all, places, dtype);
      yield places[0] === 0 ? { batch, first: all } : { batch };
    }
}

function joined(parts: readonly NumericArray[]): NumericArray {
  const [first] = parts as [NumericArray, ...NumericArray[]];
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (first.data.constructor as new (length: number) => NumericArray['data'])(length);
  let [rows, at] = [0, 0];
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
    rows += part.shape[0] as number;
  }
  return { shape: [rows, ...first.shape.slice(1)], data };
}
