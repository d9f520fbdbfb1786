import { ArgumentError, shownValue } from '@funhash/hashing';
import { type Model, repeats } from '@funhash/layers';
import type { Parameter } from '@funhash/space';
import { keep, type Shape, type Tensor, tensor } from '@funhash/tensor';
import { type BatchSource, type StepSize, sourceFrom, sourceOf } from './batches.ts';
import { arraysIn, dtypeOfModel, type Metrics } from './evaluate.ts';
import { type Arrays, arraysOf, splitExamples } from './examples.ts';
import type { EarlyStopping, FitConfig } from './fit-config.ts';
import { frozenNames } from './freeze.ts';
import { type Loss, softmaxCrossEntropy } from './losses.ts';
import type { Optimizer, RunLength } from './optimizer.ts';
import { ownValues, type Penalty, penaltyOf } from './penalty.ts';
import { recipe } from './recipe.ts';
import { describeConfig, describeData, type RunDescription } from './run-description.ts';
import { isKnownLoss, requireTargets } from './targets.ts';
import type { WeightAverageOptions } from './weight-average.ts';

/** A configuration with every default filled in and every field checked. */
export interface FitSettings<M extends Metrics> {
  readonly model: Model;
  /** All parameters of the model. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Parameters that are trained: those not frozen, and those of the penalty. */
  readonly trained: ReadonlyMap<string, Parameter>;
  /** Parameters and what else the state of model and penalty is made of. */
  readonly values: ReadonlyMap<string, Parameter>;
  /** Those of `values` that training changes. */
  readonly moving: ReadonlyMap<string, Parameter>;
  /** Buffers that are frozen. */
  readonly fixed: ReadonlySet<Parameter>;
  readonly source: BatchSource;
  /** Batches in a step. */
  readonly accumulate: number;
  readonly validation: Iterable<Arrays> | undefined;
  readonly loss: Loss;
  /** What a batch counts in the mean of several. */
  weigh(batch: Arrays): number;
  readonly penalty: Penalty | undefined;
  readonly checkGradients: boolean;
  /** Whether steps that repeat are taken by plans. */
  readonly plansSteps: boolean;
  readonly average: Required<WeightAverageOptions> | undefined;
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
  /** Frees what they hold. */
  dispose(): void;
}

function refuse(expected: string, actual: unknown, remedy?: string): never {
  throw new ArgumentError({ operation: 'fit', expected, actual: String(actual), ...(remedy && { remedy }) });
}

/** @throws ArgumentError for fields that do not fit each other */
export function settingsOf<M extends Metrics>(config: FitConfig<M>, resumedSeed?: number): FitSettings<M> {
  const { model, epochs, reportEverySteps, checkpoint, earlyStopping } = config;
  const usual = recipe();
  const { seed = resumedSeed ?? 0, batchSize = usual.batchSize, optimizer = usual.optimizer } = config;
  const { accumulate = 1 } = config;
  const penalty = config.penalty && penaltyOf(config.penalty);
  const state = stateOf(config, penalty);
  const { source, validation, description } = dataOf(config, seed, { batchSize, accumulate });
  const steps = source.stepsPerEpoch && source.stepsPerEpoch * epochs;
  const schedule = config.schedule ?? (config.optimizer ? undefined : usual.schedule);
  requireRates(optimizer, { schedule, steps });
  const { loss, known, weigh, weights } = lossOf(config);
  return {
    model,
    ...state,
    source,
    accumulate,
    validation,
    loss,
    weigh,
    penalty,
    checkGradients: config.checkGradients ?? false,
    plansSteps: plansSteps(config),
    average: config.average && { warmup: true, validate: true, keep: true, ...given(config.average) },
    requireTargets: (outputs, examples, name) => {
      requireTargets(known, outputs, examples, { operation: 'fit', name });
      if (weights && outputs.length === 2 && outputs[1] !== weights.size)
        refuse(`classWeights for the ${outputs[1]} outputs of the model`, weights.size);
    },
    describe: (ofSteps) => ({
      ...description(),
      ...describeConfig(
        config,
        { batchSize, optimizer, loss: known ?? loss, penalty, frozen: [...state.frozen] },
        { schedule, steps: ofSteps },
      ),
    }),
    optimizer,
    length: { steps, schedule, frozen: state.frozen },
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

/** Whether a step is known to do the same whenever it is taken, or the configuration says so. */
function plansSteps({ model, loss, penalty, accumulate = 1, plans }: FitConfig): boolean {
  // A penalty is told of the step, and several batches make no list of one length.
  if (penalty || accumulate > 1) return false;
  return plans ?? (repeats(model) && (loss === undefined || isKnownLoss(loss)));
}

/** Options without those that are undefined. */
const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

function stateOf({ model, freeze = [] }: FitConfig, penalty: Penalty | undefined) {
  const parameters = parametersOf(model);
  const ofModel = new Map([...parameters, ...(model.namedBuffers?.() ?? [])]);
  const own = ownValues(penalty, 'namedParameters');
  const ownBuffers = ownValues(penalty, 'namedBuffers');
  const values = new Map([...ofModel, ...own, ...ownBuffers]);
  if (values.size < ofModel.size + own.length + ownBuffers.length)
    refuse('names of a penalty’s values that model and penalty have once', 'one that comes twice');
  const frozen = frozenNames(freeze, ofModel);
  const isMoving = ([name]: readonly [string, Parameter]): boolean => !frozen.has(name);
  const trained = new Map([...[...parameters].filter(isMoving), ...own]);
  if (trained.size === 0) refuse('freeze to leave parameters that are trained', 'none');
  const fixed = new Set(
    [...ofModel].flatMap(([name, value]) => (frozen.has(name) && !parameters.has(name) ? [value] : [])),
  );
  return { parameters, trained, values, moving: new Map([...values].filter(isMoving)), fixed, frozen };
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
  size: StepSize,
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
    const source = sourceFrom(data, { ...size, stepsPerEpoch }, dtype);
    return { source, validation: judged, description: () => ({}) };
  }
  const all = arraysOf(data, { operation: 'fit', name: 'data' });
  const parts = typeof validation === 'number' ? splitExamples(all, validation, seed) : undefined;
  const source = sourceOf(parts?.train ?? all, size, order, all);
  if (stepsPerEpoch !== undefined && stepsPerEpoch !== source.stepsPerEpoch)
    refuse(
      `stepsPerEpoch ${source.stepsPerEpoch}, as data and batchSize ${size.batchSize} tell, or none`,
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
  readonly weigh: FitSettings<Metrics>['weigh'];
  readonly weights?: Tensor;
} {
  const weigh = ({ count }: Arrays): number => count;
  if (!classWeights && labelSmoothing === 0) return { loss: loss ?? softmaxCrossEntropy, known: loss, weigh };
  if (loss && loss !== softmaxCrossEntropy)
    refuse(
      'softmaxCrossEntropy with classWeights or labelSmoothing',
      'another loss',
      'State them in your loss.',
    );
  const known = softmaxCrossEntropy;
  if (!classWeights) return { loss: (y, t) => softmaxCrossEntropy(y, t, { labelSmoothing }), known, weigh };
  const weights = keep(tensor([...classWeights], [classWeights.length], { dtype: dtypeOfModel(model) }));
  return {
    loss: (y, t) => softmaxCrossEntropy(y, t, { labelSmoothing, classWeights: weights }),
    known,
    // Its mean is over the weights of the examples.
    weigh: ({ targets: { data } }) => {
      let sum = 0;
      for (const label of data) sum += classWeights[label] ?? 0;
      return sum;
    },
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
