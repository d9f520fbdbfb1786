import type { CompressionReport, Summary } from '@funhash/layers';
import type { EpochRecord } from '../store/metrics.ts';

/** What happens in a run, as plain JSON: it passes between threads, processes and machines as it is. */
export type RunEvent =
  | StartEvent
  | FittedEvent
  | NoticeEvent
  | StepEvent
  | EpochEvent
  | CheckpointEvent
  | EndEvent
  | ResultEvent;

/** Counts of the images of a run. */
export interface ImageCounts {
  readonly name: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Everything fits, the folder is this run's: training begins. */
export interface StartEvent {
  readonly type: 'start';
  readonly hash: string;
  /** Null where nothing is written. */
  readonly folder: string | null;
  readonly backend: string;
  readonly data: ImageCounts | null;
  readonly net: { readonly summary: Pick<Summary, 'rows' | 'total'>; readonly storedCount: number };
  /** Epochs done when it starts, and steps: 0 and 0 unless it was resumed. */
  readonly epoch: number;
  readonly step: number;
  readonly epochs: number;
  readonly steps: number;
}

/** Something that whoever started the run should know, and that did not stop it. */
export interface NoticeEvent {
  readonly type: 'notice';
  readonly message: string;
}

/** Trained weights were fitted by other schemes. */
export interface FittedEvent {
  readonly type: 'fitted';
  /** Layers, sizes and errors of the fit. */
  readonly report: FitReport;
  /** Test errors, where there are test images. */
  readonly before: number | null;
  readonly fitted: number | null;
  readonly seconds: number;
}

/** The report of `compress`, as JSON. */
export type FitReport = Pick<CompressionReport, 'weights' | 'before' | 'after'>;

export interface StepEvent {
  readonly type: 'step';
  readonly epoch: number;
  readonly step: number;
  /** Loss of the batch, before the step. */
  readonly loss: number;
  readonly learningRate: number;
}

export interface EpochEvent extends EpochRecord {
  readonly type: 'epoch';
}

/** The state of the run was saved. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly epoch: number;
  readonly step: number;
}

/** Training is over. A run that was aborted or diverged gives no result. */
export interface EndEvent {
  readonly type: 'end';
  readonly reason: 'finished' | 'aborted' | 'diverged';
  readonly epoch: number;
  readonly step: number;
  readonly seconds: number;
  /** What diverged, where, and what to do. */
  readonly message?: string;
}

export interface ResultEvent {
  readonly type: 'result';
  readonly result: RunResult;
}

/** What a run comes to. Fields of test images are absent where they were not touched. */
export interface RunResult {
  /** Share of answers that are wrong; of numbers the share of their variance that is not explained, 1 − R². */
  readonly testError?: number;
  readonly testLoss?: number;
  /** Errors of numbers in the unit of the data. */
  readonly numbers?: NumberErrors;
  readonly storedCount: number;
  readonly storedBytes: number;
  /** Size of the model file, where one was made. */
  readonly fileBytes?: number;
  /** Test error of the model as the file has it. */
  readonly fileTestError?: number;
  /** Error on the validation samples of the model as the file has it, where the file rounds: choices go by it. */
  readonly fileValidationError?: number;
  /** Test images by their class (row) and the one that the net says (column), [classes, classes]. */
  readonly confusion?: readonly (readonly number[])[];
  /** How sure the net is, and how right then; ten classes of probability from 0 to 1. */
  readonly calibration?: readonly CalibrationBin[];
  /** Parts of the inputs, and how much worse the net does with those of other samples. */
  readonly influence?: readonly Influence[];
  /** Test samples with what they are and what the net says, in the unit of the data; at most 2 000 of them. */
  readonly answers?: readonly NumberAnswer[];
  readonly mistakes?: readonly Mistake[];
  /** Rows of the first weight's virtual matrix, [inputs] each. */
  readonly units?: readonly (readonly number[])[];
  /** Durations of classifying the test images, where the model was packed. */
  readonly packed?: { readonly modelMs: number; readonly packedMs: number };
}

/** How far numbers are off, in the unit of the data. */
export interface NumberErrors {
  readonly rootMeanSquared: number;
  readonly meanAbsolute: number;
  /** Coefficient of determination. */
  readonly r2: number;
}

/** How much a part of the inputs is worth to a net. */
export interface Influence {
  /** Name of a column; of a picture the number of a square, by rows of seven. */
  readonly name: string;
  /** Error with this part drawn from other samples less the error as it is. */
  readonly rise: number;
}

/** Answers of about one probability. */
export interface CalibrationBin {
  readonly count: number;
  /** Mean probability of the answers. */
  readonly probability: number;
  /** Share of them that are right. */
  readonly right: number;
}

/** A number that a net was to find. */
export interface NumberAnswer {
  /** Place in the test set. */
  readonly index: number;
  readonly target: number;
  readonly output: number;
}

/** A test sample that a net got wrong. */
export interface Mistake {
  /** Place in the test set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability of the predicted class. */
  readonly probability: number;
}
