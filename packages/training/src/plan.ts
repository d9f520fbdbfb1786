import { ArgumentError, shownValue } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import type { Parameter } from '@funhash/space';
import { keep, type Shape, type Tensor, tensor } from '@funhash/tensor';
import { type BatchSource, sourceFrom, sourceOf } from './batches.ts';
import { arraysIn, dtypeOfModel, type Metrics } from './evaluate.ts';
import { type Arrays, arraysOf, splitExamples } from './examples.ts';
import type { EarlyStopping, FitConfig } from './fit-config.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';
import type { Optimizer, RunLength } from './optimizer.ts';
import { recipe } from './recipe.ts';
import { describeConfig, describeData, type RunDescription } from './run-description.ts';
import { requireTargets } from './targets.ts';

/** A configuration with every default filled in and every field checked. */
export interface Plan<M extends Metrics> {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Parameters and what else the model's state is made of. */
  readonly values: ReadonlyMap<string, Parameter>;
  readonly source: BatchSource;
  readonly validation: Iterable<Arrays> | undefined;
  readonly loss: Loss;
  /** @throws ArgumentError for targets that the loss surely cannot be meant for, or that leave open which is meant */
  requireTargets(outputs: Shape, examples: Arrays, name: string): void;
  /** Says what decides the run, its schedules over a run of so many steps. */
  describe(steps: number | undefined): RunDescription;
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
  const parameters = parametersOf(model);
  const { source, validation, description } = dataOf(config, seed, batchSize);
  const steps = source.stepsPerEpoch && source.stepsPerEpoch * epochs;
  const schedule = config.schedule ?? (config.optimizer ? undefined : usual.schedule);
  requireRates(optimizer, { schedule, steps });
  const { loss, known, weights } = lossOf(config);
  return {
    model,
    parameters,
    values: new Map([...parameters, ...(model.namedBuffers?.() ?? [])]),
    source,
    validation,
    loss,
    requireTargets: (outputs, examples, name) => {
      requireTargets(known, outputs, examples, { operation: 'fit', name });
      if (weights && outputs.length === 2 && outputs[1] !== weights.size)
        refuse(`classWeights for the ${outputs[1]} outputs of the model`, weights.size);
    },
    describe: (ofSteps) => ({
      ...description(),
      ...describeConfig(config, { batchSize, optimizer, loss: known ?? loss }, { schedule, steps: ofSteps }),
    }),
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

function parametersOf(model: Model): ReadonlyMap<string, Parameter> {
  const parameters: unknown = model.namedParameters();
  if (!(parameters instanceof Map))
    refuse('a model whose namedParameters gives a Map from names to parameters', shownValue(parameters));
  if (parameters.size === 0) refuse('a model with parameters', 'none');
  return parameters;
}

function dataOf(
  { model, data, validation, stepsPerEpoch, shuffle = true }: FitConfig,
  seed: number,
  batchSize: number,
): {
  readonly source: BatchSource;
  readonly validation: Iterable<Arrays> | undefined;
  readonly description: () => RunDescription;
} {
  const dtype = dtypeOfModel(model);
  const order = { shuffle, seed, dtype };
  const ofValidation = { operation: 'fit', name: 'validation' };
  const judged = typeof validation === 'object' ? arraysIn(validation, ofValidation) : undefined;
  if (typeof data === 'function') {
    if (typeof validation === 'number')
      refuse(
        'validation examples',
        `the share ${validation}`,
        'A share is taken of examples in memory only.',
      );
    const source = sourceFrom(data, stepsPerEpoch, dtype);
    return { source, validation: judged, description: () => ({}) };
  }
  const all = arraysOf(data, { operation: 'fit', name: 'data' });
  const parts = typeof validation === 'number' ? splitExamples(all, validation, seed) : undefined;
  const source = sourceOf(parts?.train ?? all, batchSize, order, all);
  if (stepsPerEpoch !== undefined && stepsPerEpoch !== source.stepsPerEpoch)
    refuse(
      `stepsPerEpoch ${source.stepsPerEpoch}, as data and batchSize ${batchSize} tell, or none`,
      stepsPerEpoch,
    );
  let described: RunDescription | undefined;
  const description = (): RunDescription => {
    described ??= describeData(all);
    return described;
  };
  return { source, validation: parts ? [parts.validation] : judged, description };
}

// Steps at which nothing would be learned, unseen.
function requireRates({ options }: Optimizer, { schedule = () => 1, steps }: RunLength): void {
  const { learningRate = 1 } = options;
  if (steps === undefined || steps < 3) return;
  const rateAt = (step: number): number =>
    (typeof learningRate === 'function' ? learningRate(step, steps) : learningRate) * schedule(step, steps);
  if (rateAt(steps - 1) !== 0 || rateAt(steps - 2) !== 0) return;
  const last = Array.from({ length: steps - 2 }, (_, k) => steps - 3 - k).find((step) => rateAt(step) > 0);
  if (last === undefined) return;
  refuse(
    `a learning rate above 0 in all of the ${steps} steps`,
    `0 from step ${last + 2} on`,
    'Give the schedule the steps of the run, or none: fit tells it their number.',
  );
}

/** The loss, and `known`: the one of which is known what it takes; undefined where none was given. */
function lossOf({ model, loss, classWeights, labelSmoothing = 0 }: FitConfig): {
  readonly loss: Loss;
  readonly known: Loss | undefined;
  readonly weights?: Tensor;
} {
  if (!classWeights && labelSmoothing === 0) return { loss: loss ?? softmaxCrossEntropy, known: loss };
  if (loss && loss !== softmaxCrossEntropy)
    refuse(
      'softmaxCrossEntropy with classWeights or labelSmoothing',
      'another loss',
      'State them in your loss.',
    );
  const known = softmaxCrossEntropy;
  if (!classWeights) return { loss: (y, t) => softmaxCrossEntropy(y, t, { labelSmoothing }), known };
  const weights = keep(tensor([...classWeights], [classWeights.length], { dtype: dtypeOfModel(model) }));
  return {
    loss: (y, t) => softmaxCrossEntropy(y, t, { labelSmoothing, classWeights: weights }),
    known,
    weights,
  };
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
