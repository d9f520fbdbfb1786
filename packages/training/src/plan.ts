import { ArgumentError } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import type { Parameter } from '@funhash/space';
import { keep, type Tensor, tensor } from '@funhash/tensor';
import { type BatchSource, sourceFrom, sourceOf } from './batches.ts';
import { arraysIn, dtypeOfModel, type Metrics } from './evaluate.ts';
import { type Arrays, arraysOf, splitExamples } from './examples.ts';
import type { EarlyStopping, FitConfig } from './fit-config.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';
import type { Optimizer, RunLength } from './optimizer.ts';
import { recipe } from './recipe.ts';

/** A configuration with every default filled in and every field checked. */
export interface Plan<M extends Metrics> {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Parameters and what else the model's state is made of. */
  readonly values: ReadonlyMap<string, Parameter>;
  readonly source: BatchSource;
  readonly validation: Iterable<Arrays> | undefined;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly length: RunLength;
  readonly epochs: number;
  readonly seed: number;
  readonly metrics: M;
  readonly earlyStopping: Required<EarlyStopping> | undefined;
  readonly checkpointEvery: { readonly steps: number; readonly epochs: number };
  readonly reportEverySteps: number;
  /** Frees what the plan holds. */
  dispose(): void;
}

function refuse(expected: string, actual: unknown, remedy?: string): never {
  throw new ArgumentError({ operation: 'fit', expected, actual: String(actual), ...(remedy && { remedy }) });
}

/** @throws ArgumentError for fields that do not fit each other */
export function planOf<M extends Metrics>(config: FitConfig<M>, resumedSeed?: number): Plan<M> {
  const { model, epochs, reportEverySteps, checkpoint, earlyStopping } = config;
  const usual = recipe();
  const { seed = resumedSeed ?? 0, batchSize = usual.batchSize, optimizer = usual.optimizer } = config;
  const parameters = model.namedParameters();
  if (parameters.size === 0) refuse('a model with parameters', 'none');
  const { source, validation } = dataOf(config, seed, batchSize);
  const steps = source.stepsPerEpoch && source.stepsPerEpoch * epochs;
  const schedule = config.schedule ?? (config.optimizer ? undefined : usual.schedule);
  const { loss, weights } = lossOf(config);
  return {
    model,
    parameters,
    values: new Map([...parameters, ...(model.namedBuffers?.() ?? [])]),
    source,
    validation,
    loss,
    optimizer,
    length: { steps, schedule },
    epochs,
    seed,
    metrics: config.metrics ?? ({} as M),
    earlyStopping: earlyStopping && stoppingOf(earlyStopping, config),
    checkpointEvery: {
      steps: checkpoint?.everySteps ?? Infinity,
      epochs: checkpoint ? (checkpoint.everyEpochs ?? (checkpoint.everySteps ? Infinity : 1)) : Infinity,
    },
    reportEverySteps: reportEverySteps ?? Infinity,
    dispose: () => weights?.dispose(),
  };
}

function dataOf(
  { model, data, validation, stepsPerEpoch, shuffle = true }: FitConfig,
  seed: number,
  batchSize: number,
): { readonly source: BatchSource; readonly validation: Iterable<Arrays> | undefined } {
  const dtype = dtypeOfModel(model);
  const order = { shuffle, seed, dtype };
  if (typeof validation !== 'number') {
    const source =
      typeof data === 'function'
        ? sourceFrom(data, stepsPerEpoch, dtype)
        : sourceOf(arraysOf(data), batchSize, order);
    return { source, validation: validation && arraysIn(validation) };
  }
  if (typeof data === 'function')
    refuse('validation examples', `the share ${validation}`, 'A share is taken of examples in memory only.');
  const parts = splitExamples(arraysOf(data), validation, seed);
  return { source: sourceOf(parts.train, batchSize, order), validation: [parts.validation] };
}

function lossOf({ model, loss, classWeights, labelSmoothing = 0 }: FitConfig): {
  readonly loss: Loss;
  readonly weights?: Tensor;
} {
  if (!classWeights && labelSmoothing === 0) return { loss: loss ?? softmaxCrossEntropy };
  if (loss && loss !== softmaxCrossEntropy)
    refuse(
      'softmaxCrossEntropy with classWeights or labelSmoothing',
      'another loss',
      'State them in your loss.',
    );
  if (!classWeights) return { loss: (y, t) => softmaxCrossEntropy(y, t, { labelSmoothing }) };
  const weights = keep(tensor([...classWeights], [classWeights.length], { dtype: dtypeOfModel(model) }));
  return { loss: (y, t) => softmaxCrossEntropy(y, t, { labelSmoothing, classWeights: weights }), weights };
}

function stoppingOf(
  { patience, metric = 'loss', goal, restoreBest = true }: EarlyStopping,
  { validation, metrics = {} }: FitConfig,
): Required<EarlyStopping> {
  if (validation === undefined) refuse('validation examples with earlyStopping', 'none');
  const names = ['loss', ...Object.keys(metrics)];
  if (!names.includes(metric)) refuse(`earlyStopping.metric among ${names.join(', ')}`, metric);
  if (goal === undefined && metric !== 'loss')
    refuse(`earlyStopping.goal, min or max, for ${metric}`, 'none');
  return { patience, metric, goal: goal ?? 'min', restoreBest };
}
