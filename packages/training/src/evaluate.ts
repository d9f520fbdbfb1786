import { ArgumentError } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { type FloatDType, isFloat, scope, type Tensor, tensor } from '@funhash/tensor';
import { eventLoopPauses } from './event-loop.ts';
import {
  type Arrays,
  arraysOf,
  type Examples,
  inputsOf,
  type Numbers,
  rowsOf,
  takeRows,
} from './examples.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';
import type { Metric } from './metrics.ts';
import type { NumericArray } from './optimizer.ts';

/** What a metric is called in results. */
export type Metrics = Readonly<Record<string, Metric>>;

/** `loss`, and the metrics by their names. */
export type Scores<M extends Metrics = Metrics> = { readonly loss: number } & {
  readonly [K in keyof M]: number;
};

export interface EvaluateOptions<M extends Metrics> {
  /** A mean over examples. Default softmaxCrossEntropy. */
  readonly loss?: Loss;
  /** Such as `{ errorRate }`. */
  readonly metrics?: M;
  /** Of examples in memory. Default 500; changes speed only. */
  readonly batchSize?: number;
}

/**
 * The loss and metrics of a model over a data set, without training. The event loop is left free.
 *
 * @param data examples, or batches of them
 */
export async function evaluate<M extends Metrics = Record<never, never>>(
  model: Model,
  data: Examples | Iterable<Examples>,
  options: EvaluateOptions<M> = {},
): Promise<Scores<M>> {
  return evaluateArrays(model, arraysIn(data), options);
}

/** The parts of a data set, to be iterated as often as the data can be. */
export function arraysIn(data: Examples | Iterable<Examples>): Iterable<Arrays> {
  if (!(Symbol.iterator in data)) return [arraysOf(data)];
  return {
    *[Symbol.iterator]() {
      for (const examples of data) yield arraysOf(examples);
    },
  };
}

/** As `evaluate`, of examples whose shapes are known. */
export async function evaluateArrays<M extends Metrics>(
  model: Model,
  batches: Iterable<Arrays>,
  { loss = softmaxCrossEntropy, metrics = {} as M, batchSize = 500 }: EvaluateOptions<M>,
): Promise<Scores<M>> {
  requireBatchSize('evaluate', batchSize);
  const dtype = dtypeOfModel(model);
  const pause = eventLoopPauses();
  const outputs: NumericArray[] = [];
  const targets: NumericArray[] = [];
  let [count, total] = [0, 0];
  for (const batch of pieces(batches, batchSize, dtype)) {
    const result = scope(() => {
      const y = model.forward(onDevice(batch.inputs));
      return { y, mean: loss(y, onDevice(batch.targets)) };
    });
    try {
      total += ((await result.mean.data())[0] as number) * batch.count;
      outputs.push({ shape: result.y.shape, data: await result.y.data() });
    } finally {
      result.y.dispose();
      result.mean.dispose();
    }
    targets.push(batch.targets);
    count += batch.count;
    await pause();
  }
  if (count === 0) throw new ArgumentError({ operation: 'evaluate', expected: 'examples', actual: 'none' });
  const [y, t] = [joined(outputs), joined(targets)];
  const scores = Object.entries(metrics).map(([name, metric]) => [name, metric(y, t)]);
  return { loss: total / count, ...Object.fromEntries(scores) };
}

export interface PredictOptions {
  /** Default 500; changes speed only. */
  readonly batchSize?: number;
  /** Number of examples in flat inputs; else their `inputShape` tells it. */
  readonly count?: number;
  /** Shape of one input. Default: that of the nesting, else one axis. */
  readonly inputShape?: readonly number[];
}

/** The outputs of a model, [N, …], for inputs [N, …]. The event loop is left free. */
export async function predict(
  model: Model,
  inputs: Numbers,
  options: PredictOptions = {},
): Promise<NumericArray> {
  const { batchSize = 500, ...shape } = options;
  requireBatchSize('predict', batchSize);
  const all = inputsOf(inputs, shape);
  const dtype = dtypeOfModel(model);
  const pause = eventLoopPauses();
  const outputs: NumericArray[] = [];
  for (const places of ranges(all.shape[0] as number, batchSize)) {
    const y = scope(() => model.forward(onDevice(rowsOf(all, places, dtype))));
    outputs.push({ shape: y.shape, data: await y.data() });
    y.dispose();
    await pause();
  }
  return joined(outputs);
}

export function requireBatchSize(operation: string, batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize >= 1) return;
  throw new ArgumentError({
    operation,
    expected: 'a whole batchSize of at least 1',
    actual: String(batchSize),
  });
}

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

function* pieces(batches: Iterable<Arrays>, size: number, dtype: FloatDType): Iterable<Arrays> {
  for (const batch of batches)
    for (const places of ranges(batch.count, size)) yield takeRows(batch, places, dtype);
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
