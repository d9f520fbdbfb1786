import type { Split } from '@funhash/datasets';
import type { Arm } from '@funhash/experiments';

/** What all workers of a comparison are given: images in shared memory, and what holds for every arm. */
export interface ArmContext {
  readonly pool: Split;
  readonly test: Split;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly config: {
    readonly activation: string;
    readonly dropout: number;
    readonly epochs: number;
    readonly batchSize: number;
    readonly backend: string;
    readonly validation: number;
    readonly trainCount?: number;
    readonly shift: number;
    readonly flip: boolean;
    readonly rotation: number;
    readonly cutout: number;
  };
}

export type ArmJob =
  | { readonly type: 'train'; readonly arm: Arm; readonly seed: number; readonly learningRate: number }
  | { readonly type: 'judge'; readonly model: Uint8Array; readonly hasPictures: boolean };

export type ArmEvent =
  | { readonly type: 'step'; readonly step: number; readonly steps: number; readonly loss: number }
  | { readonly type: 'epoch'; readonly record: EpochRecord };

export interface EpochRecord {
  readonly epoch: number;
  /** Mean over the epoch, with dropout. */
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationError: number;
  /** Of the epoch, validation included. */
  readonly seconds: number;
}

/** A trained arm, or how it diverged. */
export type TrainResult =
  | { readonly type: 'trained'; readonly epochs: readonly EpochRecord[]; readonly model: Uint8Array }
  | { readonly type: 'diverged'; readonly message: string; readonly epochs: readonly EpochRecord[] };

/** A test image that a net got wrong. */
export interface Mistake {
  /** Place in the test set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
}

export interface Verdict {
  readonly type: 'judged';
  readonly testError: number;
  /** Those with the most confidence first, at most 24. */
  readonly mistakes: readonly Mistake[];
  /** Rows of the first layer's virtual matrix, [inputs] each. */
  readonly units: readonly Float32Array[];
}

export type ArmResult = TrainResult | Verdict;
