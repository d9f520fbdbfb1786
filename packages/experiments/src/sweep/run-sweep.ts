import { setMaxListeners } from 'node:events';
import type { Executor } from '../executors/executor.ts';
import type { RunEvent, RunResult } from '../run/run-event.ts';
import { readMetrics } from '../store/metrics.ts';
import { FolderBusyError } from '../store/owner.ts';
import type { RunFolder } from '../store/run-folder.ts';
import type { RunStore } from '../store/run-store.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { indexFile, readIndex } from './sweep-index.ts';
import type { SweepSpec } from './sweep-spec.ts';
import type { Trial, TrialOutcome } from './trial.ts';

export interface SweepOptions {
  readonly sweep: SweepSpec;
  /** What is tried next. Default: that of the sweep. */
  readonly schedule?: Schedule;
  /** The folder of the sweep; runs lie in the store. */
  readonly folder: RunFolder;
  readonly store: RunStore;
  readonly executor: Executor;
  /** Runs that are given to the executor at a time: no more wait there. */
  readonly atATime: number;
  readonly signal?: AbortSignal;
  /** Ends the sweep without an error, as if there were no more trials: those under way save a checkpoint and do not count. */
  readonly enough?: AbortSignal;
  /** Called with what happens in runs. */
  onEvent?(trial: Trial, event: RunEvent): void;
}

/** What a sweep tells as it goes on. */
export type SweepEvent =
  | { readonly type: 'begin'; readonly done: number; readonly count: number }
  | { readonly type: 'trial'; readonly outcome: TrialOutcome; readonly done: number; readonly count: number };

/**
 * Carries out a sweep: keeps so many runs under way, and asks its schedule for the next one when one comes back. Runs that
 * came back before are not asked for again, and those that are finished in the store give their result at once, so a
 * sweep goes on from wherever it was interrupted. A run that fails is noted, and the sweep goes on.
 *
 * @throws the reason of the signal where it was aborted, once the runs under way have saved their checkpoints
 */
export async function* runSweep(options: SweepOptions): AsyncGenerator<SweepEvent, void, void> {
  const { sweep, folder, atATime, signal, enough, schedule = scheduleOf(sweep) } = options;
  const known = new Map((await readIndex(folder.path)).map((outcome) => [outcome.hash, outcome]));
  const underWay = new Map<string, Promise<TrialOutcome | undefined>>();
  const twins = new Map<string, Trial[]>();
  const failure = new AbortController();
  const halt = AbortSignal.any([failure.signal, ...(signal ? [signal] : []), ...(enough ? [enough] : [])]);
  // Every run under way listens.
  setMaxListeners(0, halt);
  let done = 0;
  const told = (outcome: TrialOutcome): SweepEvent => ({
    type: 'trial',
    outcome,
    done: ++done,
    count: Math.max(schedule.count, done),
  });

  yield { type: 'begin', done: known.size, count: schedule.count };

  try {
    for (;;) {
      while (!halt.aborted && underWay.size < atATime) {
        const trial = schedule.next();
        if (!trial) break;
        const outcome = known.get(trial.hash);
        if (outcome) {
          schedule.report({ ...outcome, number: trial.number, rung: trial.rung });
          yield told(outcome);
        } else if (underWay.has(trial.hash)) twins.set(trial.hash, [...(twins.get(trial.hash) ?? []), trial]);
        else underWay.set(trial.hash, carryOut(trial, { ...options, signal: halt }));
      }
      if (underWay.size === 0) break;
      const outcome = await Promise.race(underWay.values());
      if (outcome === undefined) {
        await Promise.all(underWay.values());
        break;
      }
      underWay.delete(outcome.hash);
      known.set(outcome.hash, outcome);
      await folder.append(indexFile, outcome);
      schedule.report(outcome);
      yield told(outcome);
      for (const twin of twins.get(outcome.hash) ?? []) {
        schedule.report({ ...outcome, number: twin.number, rung: twin.rung });
        yield told(outcome);
      }
      twins.delete(outcome.hash);
    }
    signal?.throwIfAborted();
  } finally {
    failure.abort();
    await Promise.allSettled(underWay.values());
  }
}

/** One run; undefined where it was aborted. What fails is its outcome: the sweep has other runs. */
async function carryOut(
  trial: Trial,
  { store, executor, signal, onEvent }: SweepOptions,
): Promise<TrialOutcome | undefined> {
  const begun = performance.now();
  let result: RunResult | undefined;
  let error: number | undefined;
  let failure: string | undefined;
  try {
    for await (const event of store.run(trial.spec, { executor, ...(signal && { signal }) })) {
      onEvent?.(trial, event);
      if (event.type === 'epoch') error = event.validation?.errorRate;
      else if (event.type === 'end' && event.reason === 'diverged') failure = event.message ?? 'diverged';
      else if (event.type === 'result') result = event.result;
    }
    if (result && error === undefined)
      error = (await readMetrics(store.folderOf(trial.spec))).epochs.at(-1)?.validation?.errorRate;
    // A file that rounds may be worse than the net before it was written.
    error = result?.fileValidationError ?? error;
  } catch (thrown) {
    if (signal?.aborted) return undefined;
    // Nothing is wrong with the run: somebody else works on it.
    if (thrown instanceof FolderBusyError) throw thrown;
    failure = thrown instanceof Error ? thrown.message : String(thrown);
  }
  if (!result && signal?.aborted) return undefined;
  const { number, rung, hash, changes, spec } = trial;
  const isDone = result !== undefined && error !== undefined && Number.isFinite(error);
  return {
    ...{ number, rung, hash, changes },
    epochs: spec.epochs,
    error: isDone ? (error as number) : null,
    bytes: result?.fileBytes ?? null,
    seconds: Number(((performance.now() - begun) / 1000).toFixed(3)),
    ...(!isDone && { failure: failure ?? 'the run ended without a result' }),
  };
}
