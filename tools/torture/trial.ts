import { type Random, random } from '@funhash/hashing';

/** Something done to the library again and again, by which nothing may be lost. */
export interface Trial {
  readonly name: string;
  /** One line for `--help`: what is done, and what would be a loss. */
  readonly summary: string;
  /** Tries of a run that is told neither a time nor a number. */
  readonly tries: number;
  /** @throws NotPossibleError where this machine does not allow it */
  run(work: Work): Promise<void>;
}

/** A trial that cannot be made on this machine, and why. */
export class NotPossibleError extends Error {}

/** What one try took. */
export interface Cost {
  readonly ms?: number;
  readonly bytes?: number;
}

/** A try by which something was lost. */
export interface Loss {
  /** Number of the try; with the seed it decides all that was drawn. */
  readonly index: number;
  readonly what: string;
  /** The same for losses of one cause: of each, a few are kept. */
  readonly cause?: string;
  /** Bytes that were read, of a fuzzer. */
  readonly input?: Uint8Array;
  /** Name of the parser that read them. */
  readonly parser?: string;
}

export interface WorkOptions {
  readonly trial: string;
  readonly seed: number;
  /** Tries at most. */
  readonly tries?: number;
  /** Milliseconds after which no try begins. */
  readonly ms?: number;
  /** A loss to try again, alone. */
  readonly replay?: Loss;
  /** An empty folder, deleted afterwards. */
  readonly folder: string;
  /** Processes or threads side by side. */
  readonly lanes: number;
  /** Keeps a loss; gives the command that tries it again. */
  readonly keep: (loss: Loss) => string;
}

/** Losses of one cause. */
export interface Lost {
  readonly what: string;
  count: number;
  /** Commands that try some of them again. */
  readonly replay: string[];
}

const keptOfCause = 3;

/** Hands out the tries of a trial, and counts what became of them. */
export class Work {
  readonly seed: number;
  readonly folder: string;
  readonly lanes: number;
  readonly replay: Loss | undefined;
  readonly lost = new Map<string, Lost>();
  tried = 0;
  survived = 0;
  worstMs = 0;
  worstBytes = 0;
  readonly begun = performance.now();
  readonly #options: WorkOptions;
  readonly #source: Random;
  #next = 0;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.seed = options.seed;
    this.folder = options.folder;
    this.lanes = options.lanes;
    this.replay = options.replay;
    this.#source = random(options.seed).fork(options.trial);
  }

  /** Tries in all; undefined where only time ends them. */
  get tries(): number | undefined {
    return this.#options.tries;
  }

  /** Number of the next try; undefined when there are enough or time is over. */
  next(): number | undefined {
    return this.take(1)?.from;
  }

  /** The next tries, at most so many. */
  take(most: number): { readonly from: number; readonly count: number } | undefined {
    const { tries = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY, replay } = this.#options;
    const from = this.#next;
    if (replay) {
      if (from > 0) return undefined;
      this.#next = 1;
      return { from: replay.index, count: most };
    }
    const count = Math.min(most, tries - from);
    if (count < 1 || performance.now() - this.begun > ms) return undefined;
    this.#next = from + count;
    return { from, count };
  }

  /** What a try draws, the same in every run of one seed. */
  random(index: number): Random {
    return this.#source.fork(index);
  }

  noteSurvivors(count: number, { ms = 0, bytes = 0 }: Cost = {}): void {
    this.tried += count;
    this.survived += count;
    this.worstMs = Math.max(this.worstMs, ms);
    this.worstBytes = Math.max(this.worstBytes, bytes);
  }

  noteLoss(loss: Loss, { ms = 0, bytes = 0 }: Cost = {}): void {
    this.tried++;
    this.worstMs = Math.max(this.worstMs, ms);
    this.worstBytes = Math.max(this.worstBytes, bytes);
    const cause = loss.cause ?? loss.what;
    const known = this.lost.get(cause) ?? { what: loss.what, count: 0, replay: [] };
    this.lost.set(cause, known);
    known.count++;
    if (known.replay.length < keptOfCause && !this.replay) known.replay.push(this.#options.keep(loss));
  }

  /** Makes one try after the other, in as many lanes as asked; what a try throws is its loss. */
  async attempts(
    attempt: (index: number, draw: Random, lane: number) => Promise<Cost | undefined>,
    lanes = this.lanes,
  ): Promise<void> {
    const lane = async (_: unknown, number: number): Promise<void> => {
      for (let index = this.next(); index !== undefined; index = this.next()) {
        const begun = performance.now();
        try {
          const cost = await attempt(index, this.random(index), number);
          this.noteSurvivors(1, { ms: performance.now() - begun, ...cost });
        } catch (error) {
          if (error instanceof NotPossibleError) throw error;
          const { message, stack } = error as Error;
          const what = error instanceof LossError ? message : (stack ?? message);
          const cause = error instanceof LossError ? error.cause : message;
          this.noteLoss({ index, what, cause: String(cause ?? message) }, { ms: performance.now() - begun });
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
}

/** What a try finds lost, in words. */
export class LossError extends Error {}

/** @throws LossError unless a demand is met */
export function demand(isMet: boolean, loss: string, cause?: string): asserts isMet {
  if (!isMet) throw new LossError(loss, cause === undefined ? undefined : { cause });
}
