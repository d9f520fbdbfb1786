import { rankedBy } from '../sweep/goal.ts';
import { runSweep, type SweepEvent, type SweepOptions } from '../sweep/run-sweep.ts';
import { finalsOf } from '../sweep/schedule.ts';
import type { Finals, SweepSpec } from '../sweep/sweep-spec.ts';
import type { TrialOutcome } from '../sweep/trial.ts';

/** Part of the time left that is given out: runs side by side are slower than one alone. */
const given = 0.85;
/** Least gain in epochs for which a net is trained again. */
const leastGain = 1.3;
/** Most epochs, in units of the sweep's longest. */
const mostGain = 6;
/** What longer training takes off an error, about: trials that miss a goal by less may still reach it. */
const nearGoal = 1.25;

/** What a search tells besides what its sweep does: which trials train once more. */
export type SearchEvent = SweepEvent | { readonly type: 'finals'; readonly sweep: FinalSweep };

export type FinalSweep = SweepSpec & { readonly finals: Finals };

/**
 * Carries out a sweep as `runSweep` does, and trains its best trials once more, for as long as is left of so many seconds.
 *
 * @throws as `runSweep`
 */
export async function* runSearch(
  options: SweepOptions & { readonly seconds: number },
): AsyncGenerator<SearchEvent, void, void> {
  const begun = performance.now();
  const outcomes: TrialOutcome[] = [];
  let count = 0;
  for await (const event of runSweep(options)) {
    if (event.type === 'trial') outcomes.push(event.outcome);
    count = event.count;
    yield event;
  }
  if (options.enough?.aborted) return;
  const seconds = options.seconds - (performance.now() - begun) / 1000;
  const sweep = withTimeLeft(options.sweep, outcomes, { seconds, atATime: options.atATime });
  if (!sweep) return;
  yield { type: 'finals', sweep };
  for await (const event of runSweep({ ...options, sweep, schedule: finalsOf(sweep) }))
    if (event.type === 'trial')
      yield { ...event, done: outcomes.length + event.done, count: count + event.count };
}

/**
 * The sweep with its best trials trained once more, for as long as the time that is left allows by what they took.
 *
 * @param atATime runs side by side
 * @returns undefined where there is no time for much longer training, or it has been added already
 */
export function withTimeLeft(
  sweep: SweepSpec,
  outcomes: readonly TrialOutcome[],
  { seconds, atATime }: { readonly seconds: number; readonly atATime: number },
): FinalSweep | undefined {
  if (sweep.finals) return undefined;
  const chosen = candidates(sweep, outcomes).slice(0, Math.max(1, Math.min(atATime, 4)));
  if (chosen.length === 0) return undefined;
  const rounds = Math.ceil(chosen.length / atATime);
  const perEpoch = chosen.reduce(
    (most, { seconds: took, epochs }) => Math.max(most, took / Math.max(1, epochs)),
    0,
  );
  const longest = outcomes.reduce((most, { epochs }) => Math.max(most, epochs), 1);
  const affordable = perEpoch > 0 ? (given * seconds) / (perEpoch * rounds) : 0;
  const epochs = Math.floor(Math.min(mostGain * longest, affordable));
  if (epochs < leastGain * longest) return undefined;
  return { ...sweep, finals: { numbers: chosen.map(({ number }) => number), epochs } };
}

/** Trials that longer training may make the best, each once, by the most epochs that it had. */
function candidates({ goal }: SweepSpec, outcomes: readonly TrialOutcome[]): TrialOutcome[] {
  const last = new Map<number, TrialOutcome>();
  for (const outcome of outcomes) {
    const known = last.get(outcome.number);
    if (outcome.error !== null && (known === undefined || known.epochs <= outcome.epochs))
      last.set(outcome.number, outcome);
  }
  const ranked = rankedBy([...last.values()], goal);
  if (!goal || !('error' in goal)) return ranked;
  const near = ranked.filter(({ error }) => (error as number) <= nearGoal * goal.error);
  return near.length > 0 ? near.sort((a, b) => (a.bytes as number) - (b.bytes as number)) : ranked;
}
