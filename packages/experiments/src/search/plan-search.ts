import type { Dataset } from '@funhash/datasets';
import { ArgumentError } from '@funhash/hashing';
import { isImages } from '../data/load-data.ts';
import { runTraining } from '../run/run-training.ts';
import { type RunRequest, runSpec } from '../spec/run-spec.ts';
import type { Goal } from '../sweep/goal.ts';
import { type Changes, runOf } from '../sweep/search-space.ts';
import { type SweepSpec, sweepSpec } from '../sweep/sweep-spec.ts';
import { candidatesFor } from './candidates.ts';

export interface SearchOptions {
  /** What all runs have in common. */
  readonly base: RunRequest;
  /** The samples that it names. */
  readonly data: Dataset;
  readonly goal: Goal;
  /** Seconds that all runs side by side may take. */
  readonly seconds: number;
  /** Runs side by side. */
  readonly atATime: number;
}

/** Part of the time that is planned: in the rest the best train once more, and some are slower than the one that was timed. */
const planned = 0.55;
/** Steps after which longer training gains little. */
const mostSteps = 30_000;
/** Three and not four: where time is short, some trial shall come to the last rung. */
const factor = 3;
const [leastTrials, mostTrials] = [4, 200];
/** Samples that a trial sees at least. */
const fewestSamples = 1000;

/**
 * Plans a search as a sweep by ASHA over nets that suit the data and the goal, as long as time allows: a short run is timed, of
 * which the epochs and the number of trials follow. The plan is data: it may be looked at, changed, and gone on with.
 *
 * @throws ArgumentError where no net can keep to the goal
 */
export async function planSearch({ base, data, goal, seconds, atATime }: SearchOptions): Promise<SweepSpec> {
  // The nets tried are small: what helps large ones not to overfit makes them worse.
  const common: RunRequest = {
    ...base,
    net: { dropout: 0 },
    augment: base.augment ?? (isImages(data) ? { shift: 1, rotation: 8 } : {}),
  };
  const among = await candidatesFor(data, common, goal);
  if (among.length === 0)
    throw new ArgumentError({
      operation: 'search',
      expected: 'a goal that some net of those tried can keep to',
      actual: JSON.stringify(goal),
      remedy: 'Allow more bytes.',
    });
  const batchSize = batchFor(data);
  const timed = { ...common, batchSize };
  const perStep = await secondsPerStep(timed, among[0] as Changes, data);
  const { data: samples } = runSpec(timed);
  const held = samples?.validation ?? 0;
  const left = Math.min(
    samples?.trainCount ?? data.train.count,
    data.train.count - (held < 1 ? held * data.train.count : held),
  );
  const perEpoch = perStep * Math.max(1, left / batchSize);
  const affordable = (planned * seconds * atATime) / perEpoch;
  const ceiling = Math.max(1, Math.floor((mostSteps * batchSize) / left));
  const most = Math.max(1, Math.min(ceiling, Math.round(affordable / 4)));
  const { epochs, leastEpochs, trials } = ladder(most, affordable);
  // Where not even a few trials of one epoch fit the time, each sees a part of the samples: better than none that ends.
  const part = Math.floor((left * affordable) / leastTrials);
  const trainCount = Math.floor(Math.min(left, Math.max(fewestSamples, part)));
  return sweepSpec({
    base: {
      ...common,
      ...(trainCount < Math.floor(left) && { data: { ...samples, trainCount } }),
      ...{ epochs, batchSize },
    },
    among,
    ...(trials > among.length && {
      vary: { 'optimizer.learningRate': { from: 0.02, to: 0.2, scale: 'log' } },
    }),
    goal,
    method: 'asha',
    trials: Math.max(leastTrials, Math.min(mostTrials, trials)),
    leastEpochs,
    factor,
  });
}

/** Rungs of a sweep, as many as bring a trial to the last one; @param affordable epochs of all trials together */
function ladder(
  most: number,
  affordable: number,
): { readonly epochs: number; readonly leastEpochs: number; readonly trials: number } {
  for (const rungs of [3, 2, 1]) {
    const leastEpochs = Math.max(1, Math.floor(most / factor ** (rungs - 1)));
    const trials = Math.floor(affordable / (leastEpochs * rungs));
    const epochs = leastEpochs * factor ** (rungs - 1);
    if (epochs <= most && trials >= factor ** (rungs - 1)) return { epochs, leastEpochs, trials };
  }
  return { epochs: most, leastEpochs: most, trials: Math.floor(affordable / most) };
}

/** A hundred samples, and fewer where there are few. */
const batchFor = ({ train }: Dataset): number => (train.count < 10_000 ? 32 : 100);

/** Time of a step of a net, by a few steps of it. */
async function secondsPerStep(base: RunRequest, changes: Changes, data: Dataset): Promise<number> {
  const steps = 24;
  const warm = 4;
  const { batchSize, data: samples } = runSpec(base);
  const count = Math.min(data.train.count - 1, steps * batchSize);
  const spec = runOf(
    { ...base, judge: null, epochs: 1, data: { ...samples, trainCount: count, validation: 1 } },
    changes,
  );
  let [begun, at, taken] = [performance.now(), 0, 1];
  for await (const event of runTraining(spec, { load: async () => data, reportEverySteps: 1 })) {
    if (event.type !== 'step') continue;
    if (event.step <= warm) [begun, at] = [performance.now(), event.step];
    else taken = (performance.now() - begun) / 1000 / (event.step - at);
  }
  return taken;
}
