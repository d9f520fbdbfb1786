import { ArgumentError } from '@funhash/hashing';
import type { Progress } from './checkpoint.ts';
import { DivergedError } from './errors.ts';
import type { Metrics } from './evaluate.ts';
import type { EarlyStopping, FitEvent } from './fit-config.ts';
import type { FitSettings } from './fit-settings.ts';

/** What a step came to. */
export interface StepTaken {
  readonly loss: number;
  readonly penalty: number | undefined;
  /** Examples. */
  readonly count: number;
  readonly learningRate: number;
}

/** What is known of an epoch that is over. */
interface EpochMeans {
  /** Mean over its examples. */
  readonly loss: number;
  /** Mean over its examples; 0 without a penalty. */
  readonly penalty: number;
}

/** How far a run has come: counts, sums over the epoch under way, and the best epoch. */
export class RunProgress {
  readonly #earlyStopping: Required<EarlyStopping> | undefined;
  #now: { -readonly [K in keyof Progress]: Progress[K] };

  constructor({ seed, source, earlyStopping }: FitSettings<Metrics>) {
    this.#earlyStopping = earlyStopping;
    this.#now = {
      seed,
      epoch: 0,
      stepInEpoch: 0,
      step: 0,
      lossSum: 0,
      penaltySum: 0,
      exampleCount: 0,
      lastLoss: null,
      learningRate: 0,
      stepsPerEpoch: source.stepsPerEpoch ?? null,
      best: null,
    };
  }

  get now(): Progress {
    return this.#now;
  }

  resume(progress: Progress): void {
    this.#now = { ...progress };
  }

  /** The epoch that events name: the one under way, or between two the last. */
  get epoch(): number {
    return this.#now.epoch + (this.#now.stepInEpoch > 0 ? 1 : 0);
  }

  /** Epoch and step, as events name them. */
  get place(): { readonly epoch: number; readonly step: number } {
    return { epoch: this.epoch, step: this.#now.step };
  }

  /** Whether early stopping has lost patience. */
  get isStale(): boolean {
    const { best, epoch } = this.#now;
    const patience = this.#earlyStopping?.patience;
    return patience !== undefined && best !== null && epoch - best.epoch >= patience;
  }

  // In place: a small step takes no longer than a copy of its progress.
  advance({ loss, penalty = 0, count, learningRate }: StepTaken): void {
    const progress = this.#now;
    progress.stepInEpoch++;
    progress.step++;
    progress.lossSum += loss * count;
    progress.penaltySum += penalty * count;
    progress.exampleCount += count;
    progress.lastLoss = loss;
    progress.learningRate = learningRate;
  }

  /** @throws ArgumentError for an epoch that had no batches */
  requireExamples(): void {
    const { exampleCount, epoch } = this.#now;
    if (exampleCount > 0) return;
    throw new ArgumentError({
      operation: 'fit',
      expected: `batches in epoch ${epoch + 1}`,
      actual: 'none',
    });
  }

  closeEpoch(): EpochMeans {
    const { lossSum, penaltySum, exampleCount, epoch } = this.#now;
    Object.assign(this.#now, {
      ...{ epoch: epoch + 1, stepInEpoch: 0 },
      ...{ lossSum: 0, penaltySum: 0, exampleCount: 0 },
    });
    return { loss: lossSum / exampleCount, penalty: penaltySum / exampleCount };
  }

  /** Takes note of the scores of the epoch that was closed; says whether early stopping has none better. */
  noteScores(scores: Readonly<Record<string, number>>): boolean {
    if (!this.#earlyStopping) return false;
    const { best, epoch } = this.#now;
    const { metric, goal } = this.#earlyStopping;
    const value = scores[metric] as number;
    const sign = goal === 'min' ? 1 : -1;
    if (best ? !(sign * value < sign * best.value) : Number.isNaN(value)) return false;
    this.#now.best = { value, epoch };
    return true;
  }

  stopEvent(): Extract<FitEvent, { type: 'earlyStop' }> | undefined {
    const { best } = this.#now;
    const { metric } = this.#earlyStopping ?? {};
    if (!best || !metric) return undefined;
    return { type: 'earlyStop', epoch: this.epoch, metric, best: best.value, bestEpoch: best.epoch };
  }

  /**
   * Refuses a value that is not finite.
   *
   * @param learningRate of the step that is to blame
   * @param step that is to blame. Default: the one under way
   */
  requireFinite(what: string, value: number, learningRate: number, step = this.#now.step + 1): void {
    if (Number.isFinite(value)) return;
    const { epoch, lastLoss } = this.#now;
    throw new DivergedError({ epoch: epoch + 1, step, what, value, lastLoss, learningRate });
  }
}
