import type { RunSpec } from '../spec/run-spec.ts';
import type { Changes } from './search-space.ts';

/** One run of a sweep. */
export interface Trial {
  /** The place of what was drawn, from 0 on; all rungs of it have the same. */
  readonly number: number;
  readonly rung: number;
  readonly changes: Changes;
  readonly spec: RunSpec;
  readonly hash: string;
}

/** What a trial came to, as the index of a sweep keeps it. */
export interface TrialOutcome {
  readonly number: number;
  readonly rung: number;
  readonly hash: string;
  readonly changes: Changes;
  readonly epochs: number;
  /** Error on the validation samples after the last epoch; null where the run failed. */
  readonly error: number | null;
  /** Size of the model file. */
  readonly bytes: number | null;
  readonly seconds: number;
  /** Why it failed. */
  readonly failure?: string;
}
