import type { AbortSignalLike, ByteSource, FileHandleLike, UrlLike } from '@funhash/codec';
import { type Advice, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { type Metrics, metricsRule, modelRule, type Scores } from './evaluate.ts';
import type { Examples } from './examples.ts';
import type { Loss } from './losses.ts';
import { type Optimizer, optimizerRules } from './optimizer.ts';
import { penaltyRule } from './penalty.ts';
import type { Schedule } from './schedules.ts';
import { averageRules, type WeightAverageOptions } from './weight-average.ts';

export const earlyStoppingRules = {
  /** Epochs without a better value after which training stops. */
  patience: option.required(option.count()),
  /** A name among the metrics, or `loss`, both over the validation examples. Default `loss`. */
  metric: option.text(),
  /** The better values: small ones (`min`) or large ones (`max`). Default `min`; a metric other than `loss` has to say. */
  goal: option.oneOf(['min', 'max']),
  /** Whether training ends with the parameters of the best epoch. Default true. */
  restoreBest: option.flag(),
};

/** Conditions under which training ends before its last epoch: a value over the validation examples stays no better. */
export type EarlyStopping = OptionsOf<typeof earlyStoppingRules>;

export const checkpointRules = {
  /** A file, overwritten atomically by each checkpoint. */
  path: option.that<string | UrlLike | FileHandleLike>(
    'a path, a URL or a file handle',
    (value) => (typeof value === 'string' && value !== '') || isObject(value),
  ),
  /** Steps between checkpoints. Default: none within an epoch. */
  everySteps: option.count(),
  /** Epochs between checkpoints. Default 1, unless `everySteps` is given. The end of the last epoch always counts. */
  everyEpochs: option.count(),
  /** Called with each checkpoint, awaited. */
  save: option.callable<
    (bytes: Uint8Array, at: { readonly epoch: number; readonly step: number }) => void | Promise<void>
  >(),
};

/** Places and times at which `fit` saves the state of a run. */
export type CheckpointOptions = OptionsOf<typeof checkpointRules>;

export const fitRules = {
  /** The model to train, in place. */
  model: option.required(modelRule),
  /** Examples, or the batches of each epoch, counted from 0; they may come from elsewhere, one by one. */
  data: option.required(
    option.that<Examples | ((epoch: number) => Iterable<Examples> | AsyncIterable<Examples>)>(
      'examples, or a function from the epoch to batches',
      (value) => typeof value === 'function' || isObject(value),
    ),
  ),
  /** Examples or batches judged after every epoch, or the share of `data` to set apart for it, drawn by the seed. */
  validation: option.that<Examples | Iterable<Examples> | number>(
    'examples, batches or a share of data',
    (value) => typeof value === 'number' || isObject(value),
  ),
  /** Times through the data, those before a resumed checkpoint included. */
  epochs: option.required(option.integer()),
  /**
   * A mean over the batch. Default softmaxCrossEntropy, where targets leave no doubt: labels or probabilities of classes,
   * and an output for each class.
   */
  loss: option.callable<Loss>('a loss, such as meanSquaredError'),
  /** The rule of the steps. Default: that of `recipe()`, with its schedule. */
  optimizer: option.that<Optimizer>(
    'an optimizer, such as adam({ learningRate: 0.001 })',
    (value) => isObject(value) && typeof value.create === 'function',
  ),
  /** Multiplies the learning rate of the optimiser at each step. Default: that of `recipe()` without an optimizer, else constant. */
  schedule: option.callable<Schedule>('a schedule, such as cosine()'),
  /** Examples in a batch, of examples in memory. Default 100. */
  batchSize: option.count(),
  /**
   * Batches whose gradients make one step: as one batch of so many examples, in the memory of a small one. Exact for losses
   * that are means, also where the last batches of an epoch are fewer or smaller; batch normalisation sees the small
   * batches. Default 1.
   */
  accumulate: option.count(),
  /** Whether every epoch has a new order, of examples in memory. Default true. */
  shuffle: option.flag(),
  /** Decides the order, dropout and the validation share. Default 0, or that of the resumed checkpoint. */
  seed: option.integer({ most: Number.MAX_SAFE_INTEGER }),
  /**
   * Steps of an epoch where `data` is a function, for schedules that end and for progress: each of a batch, or of
   * `accumulate` batches. More of them are an error, as they would train at a learning rate of 0.
   */
  stepsPerEpoch: option.count(),
  /** Metrics over the validation examples, by the name under which events give them, such as `{ errorRate }`. */
  metrics: metricsRule,
  /** Weight of each class in softmaxCrossEntropy, [C], each ≥ 0. Default 1. */
  classWeights: option.that<readonly number[]>(
    'a number ≥ 0 for each class',
    (value) =>
      (Array.isArray(value) || ArrayBuffer.isView(value)) &&
      Array.from(value as unknown as ArrayLike<unknown>).every(
        (weight) => Number.isFinite(weight) && (weight as number) >= 0,
      ),
  ),
  /** Share of the target spread over all classes by softmaxCrossEntropy. Default 0. */
  labelSmoothing: option.real({ least: 0, most: 1 }),
  /**
   * Parameters that stay as they are: their names (`0.weight`), the places of layers (`0`, with all in it) or texts with
   * `*` (`*.bias`). They have no gradients, no decay and no state of the optimiser. Running statistics that a text names,
   * as the place of their layer does, stay too, and training normalises by them as inference does. Default: none.
   */
  freeze: option.list(option.text()),
  /**
   * A differentiable function of the parameters that is added to the loss of each step, or an object with a state of its
   * own. Events tell it apart. Default: none.
   */
  penalty: penaltyRule,
  /**
   * Whether a step whose gradients are not all finite is refused before anything changes, though its loss is finite. It
   * reads every gradient once more. Default false: such a step shows by the next loss, or at the end of the epoch.
   */
  checkGradients: option.flag(),
  /**
   * Whether steps are recorded once for each shape of batches and taken by that plan: faster, with the same bits. Layers and
   * losses of your own may do so that decide by their arguments alone, not by counters or by values that they read. Default:
   * where all of them are of this library; not with `penalty` or `accumulate`.
   */
  plans: option.flag(),
  /** A moving average of the weights, for validation and for the end. Default: none. */
  average: option.any<WeightAverageOptions>(),
  /** Conditions for an end before the last epoch. Default: none. */
  earlyStopping: option.any<EarlyStopping>(),
  /** Places and times at which the state is saved. Default: none. */
  checkpoint: option.any<CheckpointOptions>(),
  /**
   * A checkpoint of this run to continue from, bit for bit: bytes, a path, a Blob, … That of another run is refused; see
   * `RunDescription` for what is compared.
   */
  resume: option.any<ByteSource>(),
  /** Ends training after the step under way, with a checkpoint. */
  signal: option.that<AbortSignalLike>('an AbortSignal', (value) => isObject(value) && 'aborted' in value),
  /** Steps between events of steps. Default: none. */
  reportEverySteps: option.count(),
};

/** Configuration of `fit`. */
export interface FitConfig<M extends Metrics = Metrics> extends Omit<OptionsOf<typeof fitRules>, 'metrics'> {
  /** Metrics over the validation examples, by the name under which events give them, such as `{ errorRate }`. */
  readonly metrics?: M;
}

const ofOptimizers = (name: string): string => `it belongs to the optimizer: optimizer: adam({ ${name}: … })`;
const asEvents = 'events tell: for await (const event of fit({ … }))';
const advice: Advice = {
  ...Object.fromEntries(
    [...Object.keys(optimizerRules), 'momentum'].map((name) => [name, ofOptimizers(name)]),
  ),
  lr: ofOptimizers('learningRate'),
  callbacks: asEvents,
  onEpochEnd: asEvents,
};

/**
 * Checks names and values of a configuration, each by itself.
 *
 * @throws OptionError for names that `fit` does not know, ArgumentError for values that it does not take
 */
export function checkConfig(config: FitConfig): void {
  checkOptions('fit', fitRules, config, advice);
  checkOptions('fit.checkpoint', checkpointRules, config.checkpoint ?? {});
  if (config.earlyStopping !== undefined)
    checkOptions('fit.earlyStopping', earlyStoppingRules, config.earlyStopping);
  if (config.average !== undefined) checkOptions('fit.average', averageRules, config.average);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/**
 * What `fit` yields. Epochs and steps are counted from 1, steps over all epochs; before the first they are 0. `seconds`
 * are those since fit was called, or since the epoch began.
 */
export type FitEvent<M extends Metrics = Metrics> =
  | {
      readonly type: 'start';
      /** Epochs behind the run: 0 unless it was resumed. */
      readonly epoch: number;
      /** Steps behind the run: 0 unless it was resumed. */
      readonly step: number;
      /** Epochs of the whole run. */
      readonly epochs: number;
      /** Steps of the whole run; undefined where the data do not tell. */
      readonly steps: number | undefined;
      /** Trainable values of the model. */
      readonly storedCount: number;
    }
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      /** Mean loss over the examples of the step, before it. */
      readonly loss: number;
      /** The penalty beside that loss, where there is one. */
      readonly penalty: number | undefined;
      readonly learningRate: number;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly step: number;
      /** Mean over the examples of the epoch, each before its step, with dropout. */
      readonly loss: number;
      /** Mean of the penalty over the steps, weighted as the loss is, where there is one. */
      readonly penalty: number | undefined;
      /** Loss and metrics over the validation examples, where there are some. */
      readonly validation: Scores<M> | undefined;
      /** Learning rate of the last step. */
      readonly learningRate: number;
      readonly seconds: number;
    }
  | {
      readonly type: 'checkpoint';
      readonly epoch: number;
      readonly step: number;
      readonly bytes: Uint8Array;
      readonly path: CheckpointOptions['path'];
    }
  | {
      readonly type: 'earlyStop';
      readonly epoch: number;
      readonly metric: string;
      readonly best: number;
      readonly bestEpoch: number;
    }
  | {
      readonly type: 'end';
      readonly reason: 'finished' | 'earlyStop' | 'aborted';
      readonly epoch: number;
      readonly step: number;
      /**
       * The epoch that the model was left with, or whose average of weights: the last one, or the best where early stopping
       * restored it.
       */
      readonly keptEpoch: number;
      readonly seconds: number;
    };
