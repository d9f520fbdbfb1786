import { FunhashError } from '@funhash/hashing';

/** Where training stood when it diverged. */
export interface Divergence {
  /** Epoch and step under way, counted from 1. */
  readonly epoch: number;
  readonly step: number;
  /** What was not finite: the loss, or a parameter by its name. */
  readonly what: string;
  readonly value: number;
  /** The last loss that was finite. */
  readonly lastLoss: number | null;
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
export class CheckpointError extends FunhashError {}
