import { type ErrorDetails, FunhashError } from '@funhash/hashing';

/** The place where training diverged, and what it met. */
export interface Divergence {
  /** Epoch under way, counted from 1. */
  readonly epoch: number;
  /** Step under way, counted from 1 over all epochs. */
  readonly step: number;
  /** Name of what was not finite: `loss`, or a parameter. */
  readonly what: string;
  /** Value that was not finite. */
  readonly value: number;
  /** The last loss that was finite. */
  readonly lastLoss: number | null;
  /** Learning rate of the step. */
  readonly learningRate: number;
}

/** A loss or parameters that became NaN or infinite. The step of such a loss was not taken, and nothing was saved over. */
export class DivergedError extends FunhashError {
  readonly divergence: Divergence;

  constructor(divergence: Divergence) {
    const { epoch, step, what, value, lastLoss, learningRate } = divergence;
    const last = lastLoss === null ? 'no loss was finite before' : `the last finite loss was ${lastLoss}`;
    super({
      operation: 'fit',
      expected: `a finite ${what}`,
      actual: `${value} in epoch ${epoch}, step ${step}, at learning rate ${learningRate}; ${last}`,
      remedy:
        'Lower the learning rate (by half), warm it up, or set clipNorm; check the data for NaN and for unscaled inputs.',
    });
    this.divergence = divergence;
  }
}

/** A checkpoint that does not belong to this model, optimiser or configuration. */
export class CheckpointError extends FunhashError {
  /** What the run of the checkpoint has otherwise, each as `batchSize: 34 in the checkpoint, 40 here`. */
  readonly differences: readonly string[];

  constructor(details: ErrorDetails, differences: readonly string[] = []) {
    super(details);
    this.differences = differences;
  }
}
