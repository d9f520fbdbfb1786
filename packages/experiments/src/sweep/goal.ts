import { ArgumentError, checkOptions, option } from '@funhash/hashing';
import type { TrialOutcome } from './trial.ts';

const rules = {
  /** Most bytes of a model file: of those that keep to it, the least error wins. */
  bytes: option.integer({ least: 1, most: 2 ** 30 }),
  /** Highest error on the validation samples, as a share: of those that keep to it, the fewest bytes win. */
  error: option.real({ least: 0, most: 1 }),
};

/** What a sweep looks for besides the least error: one of both. */
export type Goal = { readonly bytes: number } | { readonly error: number };

/** @throws OptionError, ArgumentError for what is no goal */
export function checkGoal(given: unknown): asserts given is Goal {
  checkOptions('sweep goal', rules, given);
  const { bytes, error } = given as { bytes?: number; error?: number };
  if ((bytes === undefined) === (error === undefined))
    throw new ArgumentError({
      operation: 'sweep goal',
      expected: 'either bytes or error',
      actual: bytes === undefined ? 'neither' : 'both',
    });
}

/** A trial that came to something. */
type Finished = TrialOutcome & { readonly error: number; readonly bytes: number };

const finishedOf = (outcomes: readonly TrialOutcome[]): Finished[] =>
  outcomes.filter((outcome): outcome is Finished => outcome.error !== null && outcome.bytes !== null);

const byError = (a: Finished, b: Finished): number =>
  a.error - b.error || a.bytes - b.bytes || a.number - b.number;
const byBytes = (a: Finished, b: Finished): number =>
  a.bytes - b.bytes || a.error - b.error || a.number - b.number;

const errorIn = (goal: Goal | undefined): number | undefined =>
  goal && 'error' in goal ? goal.error : undefined;
const within = (outcomes: readonly TrialOutcome[], goal: Goal | undefined): Finished[] =>
  finishedOf(outcomes).filter(({ bytes }) => !(goal && 'bytes' in goal) || bytes <= goal.bytes);

/**
 * The trial that a goal chooses; of a sweep without one that of the least error, of equal ones the smaller file. Where no
 * trial reaches an error, the one that comes nearest.
 */
export function bestOf(outcomes: readonly TrialOutcome[], goal?: Goal): TrialOutcome | undefined {
  const all = within(outcomes, goal);
  const most = errorIn(goal);
  const enough = most === undefined ? [] : all.filter(({ error }) => error <= most);
  return enough.length > 0 ? enough.sort(byBytes)[0] : all.sort(byError)[0];
}

/**
 * Trials in the order in which they go to the next rung. Where an error shall be reached with few bytes, neither alone tells
 * which will: those go first that no other beats in both, and of these the ones that differ most (Schmucker, Donini, Zafar,
 * Salinas, Archambeau 2021, "Multi-objective asynchronous successive halving", arXiv:2106.12639).
 */
export function rankedBy(outcomes: readonly TrialOutcome[], goal: Goal | undefined): TrialOutcome[] {
  const all = within(outcomes, goal);
  if (errorIn(goal) === undefined) return all.sort(byError);
  const ranked: Finished[] = [];
  for (let rest = all; rest.length > 0; ) {
    const front = frontOf(rest);
    for (const outcome of spread(front)) ranked.push(outcome);
    rest = rest.filter((outcome) => !front.includes(outcome));
  }
  return ranked;
}

/** Trials that no other one beats in both error and bytes, by their bytes. */
export function frontOf<T extends { readonly error: number; readonly bytes: number }>(
  finished: readonly T[],
): T[] {
  const front: T[] = [];
  for (const outcome of [...finished].sort((a, b) => a.bytes - b.bytes || a.error - b.error))
    if (outcome.error < (front.at(-1)?.error ?? Number.POSITIVE_INFINITY)) front.push(outcome);
  return front;
}

/** A front in an order in which each is as far from those before it as can be, from the least error on. */
function spread(front: readonly Finished[]): Finished[] {
  const least = 1e-4;
  const far = (a: Finished, b: Finished): number =>
    Math.abs(Math.log((a.error + least) / (b.error + least))) + Math.abs(Math.log(a.bytes / b.bytes));
  const [first, ...others] = [...front].sort(byError);
  const order = first ? [first] : [];
  while (others.length > 0) {
    const distances = others.map((one) =>
      order.reduce((near, other) => Math.min(near, far(one, other)), Number.POSITIVE_INFINITY),
    );
    const farthest = distances.reduce(
      (best, distance, k) => (distance > (distances[best] as number) ? k : best),
      0,
    );
    for (const outcome of others.splice(farthest, 1)) order.push(outcome);
  }
  return order;
}
