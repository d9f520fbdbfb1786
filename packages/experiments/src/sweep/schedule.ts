import { random } from '@funhash/hashing';
import { SpecError } from '../errors.ts';
import { specHash } from '../spec/run-spec.ts';
import { rankedBy } from './goal.ts';
import { type Changes, drawFrom, gridOf, runOf } from './search-space.ts';
import type { Finals, SweepSpec } from './sweep-spec.ts';
import type { Trial, TrialOutcome } from './trial.ts';

/** Decides what is tried next, of what came back in which order alone: so a sweep can be replayed. */
export interface Schedule {
  /** Trials in all; of ASHA as many as there are if none fails. */
  readonly count: number;
  /** The next trial; undefined where there is none until one under way comes back. */
  next(): Trial | undefined;
  /** Takes what a trial came to. */
  report(outcome: TrialOutcome): void;
}

/** The schedule of a sweep. @throws as `runSpec` for a base that is none */
export function scheduleOf(sweep: SweepSpec): Schedule {
  const schedule = sweep.method === 'asha' ? asha(sweep) : listed(sweep);
  return sweep.finals ? withFinals(schedule, sweep, sweep.finals) : schedule;
}

/** A schedule of nothing but the trials of a sweep that train once more. */
export function finalsOf(sweep: SweepSpec & { readonly finals: Finals }): Schedule {
  return withFinals({ count: 0, next: () => undefined, report: () => {} }, sweep, sweep.finals);
}

/** A schedule whose chosen trials train once more when it has no others to give. */
function withFinals(schedule: Schedule, sweep: SweepSpec, { numbers, epochs }: Finals): Schedule {
  const trials = sweep.method === 'grid' ? combined(sweep) : undefined;
  const known = trials?.length ?? sweep.trials;
  const stranger = numbers.find((number) => number >= known);
  if (stranger !== undefined)
    throw new SpecError({
      operation: 'sweep finals',
      expected: `numbers of its ${known} trials, from 0 on`,
      actual: String(stranger),
    });
  let given = 0;
  return {
    count: schedule.count + numbers.length,
    next: () => {
      const trial = schedule.next();
      const number = numbers[given];
      if (trial || number === undefined) return trial;
      given++;
      return trialOf(sweep, number, trials?.[number] ?? drawn(sweep, number), finalRung, epochs);
    },
    report: (outcome) => {
      if (outcome.rung !== finalRung) schedule.report(outcome);
    },
  };
}

/** Rung of trials that train once more: above all others. */
const finalRung = 99;

function trialOf({ base }: SweepSpec, number: number, changes: Changes, rung = 0, epochs?: number): Trial {
  // Choices are made on validation samples: the test samples are for what was chosen.
  const spec = runOf({ ...base, judge: null, ...(epochs !== undefined && { epochs }) }, changes);
  return { number, rung, changes, spec, hash: specHash(spec) };
}

const drawn = ({ vary, among, seed }: SweepSpec, number: number): Changes => ({
  ...among?.[number % among.length],
  ...drawFrom(vary, random(seed).fork('trial').fork(number)),
});

/** All combinations, those of fields that go together slowest. */
const combined = ({ vary, among = [{}] }: SweepSpec): Changes[] =>
  among.flatMap((together) => gridOf(vary).map((changes) => ({ ...together, ...changes })));

function listed(sweep: SweepSpec): Schedule {
  const grid = sweep.method === 'grid' ? combined(sweep) : undefined;
  const count = grid?.length ?? sweep.trials;
  let number = 0;
  return {
    count,
    next: () => {
      if (number === count) return undefined;
      const changes = grid?.[number] ?? drawn(sweep, number);
      return trialOf(sweep, number++, changes);
    },
    report: () => {},
  };
}

/**
 * Asynchronous successive halving (Li et al. 2018, "A system for massively parallel hyperparameter tuning", algorithm 2):
 * whoever is free promotes the best trial that may go to the next rung, else draws a new one; nobody waits for a whole rung.
 * Each rung trains from the beginning, with a schedule of its own length, so that a run is decided by its spec alone.
 */
function asha(sweep: SweepSpec): Schedule {
  const most = runOf({ ...sweep.base, judge: null }, {}).epochs;
  const budgets: number[] = [];
  for (let epochs = Math.min(sweep.leastEpochs, most); ; epochs *= sweep.factor) {
    budgets.push(Math.min(epochs, most));
    if (epochs >= most) break;
  }
  const finished: TrialOutcome[][] = budgets.map(() => []);
  const promoted = budgets.map(() => new Set<number>());
  let number = 0;
  const trial = (which: number, rung: number): Trial =>
    trialOf(sweep, which, drawn(sweep, which), rung, budgets[rung] as number);
  return {
    count: budgets.reduce((sum, _, rung) => sum + Math.floor(sweep.trials / sweep.factor ** rung), 0),
    next: () => {
      for (let rung = budgets.length - 2; rung >= 0; rung--) {
        const done = finished[rung] as TrialOutcome[];
        const best = rankedBy(done, sweep.goal).slice(0, Math.floor(done.length / sweep.factor));
        const chosen = best.find((outcome) => !promoted[rung]?.has(outcome.number));
        if (!chosen) continue;
        promoted[rung]?.add(chosen.number);
        return trial(chosen.number, rung + 1);
      }
      return number < sweep.trials ? trial(number++, 0) : undefined;
    },
    report: (outcome) => void finished[outcome.rung]?.push(outcome),
  };
}
