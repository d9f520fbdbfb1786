import type { ByteSource } from '@funhash/codec';
import type { Model } from '@funhash/layers';
import type { Metrics, Scores } from './evaluate.ts';
import type { Examples } from './examples.ts';
import type { Loss } from './losses.ts';
import type { Optimizer } from './optimizer.ts';
import type { Schedule } from './schedules.ts';

export interface EarlyStopping {
  /** Epochs without a better value after which training stops. */
  readonly patience: number;
  /** A name among the metrics, or `loss`, both over the validation examples. Default `loss`. */
  readonly metric?: string;
  /** Which values are better. Default `min`; a metric other than `loss` has to say. */
  readonly goal?: 'min' | 'max';
  /** Whether training ends with the parameters of the best epoch. Default true. */
  readonly restoreBest?: boolean;
}

export interface CheckpointOptions {
  /** A file, overwritten atomically by each checkpoint. */
  readonly path?: string | URL | FileSystemFileHandle;
  readonly everySteps?: number;
  /** Default 1, unless `everySteps` is given. The end of the last epoch always counts. */
  readonly everyEpochs?: number;
  /** Called with each checkpoint, awaited. */
  save?(bytes: Uint8Array, at: { readonly epoch: number; readonly step: number }): void | Promise<void>;
}

export interface FitConfig<M extends Metrics = Metrics> {
  readonly model: Model;
  /** Examples, or the batches of each epoch, counted from 0; they may come from elsewhere, one by one. */
  readonly data: Examples | ((epoch: number) => Iterable<Examples> | AsyncIterable<Examples>);
  /** Examples or batches judged after every epoch, or the share of `data` to set apart for it, drawn by the seed. */
  readonly validation?: Examples | Iterable<Examples> | number;
  /** Times through the data, those before a resumed checkpoint included. */
  readonly epochs: number;
  /** A mean over the batch. Default softmaxCrossEntropy. */
  readonly loss?: Loss;
  /** Default: that of `recipe()`, with its schedule. */
  readonly optimizer?: Optimizer;
  /** Multiplies the learning rate of the optimiser at each step. Default: that of `recipe()` without an optimizer, else constant. */
  readonly schedule?: Schedule;
  /** Of examples in memory. Default 100. */
  readonly batchSize?: number;
  /** A new order in every epoch, of examples in memory. Default true. */
  readonly shuffle?: boolean;
  /** Decides the order, dropout and the validation share. Default 0, or that of the resumed checkpoint. */
  readonly seed?: number;
  /** How many batches a function as `data` gives: for schedules that end, and for progress. */
  readonly stepsPerEpoch?: number;
  /** Computed over the validation examples, by the name under which events give them, such as `{ errorRate }`. */
  readonly metrics?: M;
  /** Weight of each class in softmaxCrossEntropy. */
  readonly classWeights?: readonly number[];
  /** Share of the target spread over all classes by softmaxCrossEntropy. Default 0. */
  readonly labelSmoothing?: number;
  readonly earlyStopping?: EarlyStopping;
  readonly checkpoint?: CheckpointOptions;
  /** A checkpoint of this run to continue from, bit for bit: bytes, a path, a Blob, … */
  readonly resume?: ByteSource;
  /** Ends training after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Steps between events of steps. Default: none. */
  readonly reportEverySteps?: number;
}

/** Epochs and steps are counted from 1; before the first, 0. `seconds` are since fit was called, or since the epoch began. */
export type FitEvent<M extends Metrics = Metrics> =
  | {
      readonly type: 'start';
      /** Where the run stands: 0 and 0 unless it was resumed. */
      readonly epoch: number;
      readonly step: number;
      readonly epochs: number;
      /** Undefined where the data do not tell. */
      readonly steps: number | undefined;
      /** Trainable values of the model. */
      readonly storedCount: number;
    }
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      /** Of this batch, before the step. */
      readonly loss: number;
      readonly learningRate: number;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly step: number;
      /** Mean over the examples of the epoch, each before its step, with dropout. */
      readonly loss: number;
      readonly validation: Scores<M> | undefined;
      /** Of the last step. */
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
      readonly seconds: number;
    };
