import { parseJson } from '@funhash/codec';
import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { SpecError } from '../errors.ts';
import type { RunRequest } from '../spec/run-spec.ts';
import { checkGoal, type Goal } from './goal.ts';
import { type Changes, checkAmong, checkSpace, mostTrials, type SearchSpace } from './search-space.ts';

const rules = {
  version: option.oneOf([1]),
  /** What all runs have in common: the fields of a run. */
  base: option.any<RunRequest>('an object'),
  /** Fields that differ, by their paths, with lists of values or ranges { from, to, scale }. */
  vary: option.any<SearchSpace>('an object'),
  /** Fields that go together, by their paths: each trial has one of the list, the first trials the first. */
  among: option.any<readonly Changes[]>('a list'),
  /** What the best run is besides that of the least error: { bytes } at most, or { error } at most by the fewest bytes. */
  goal: option.any<Goal>('an object'),
  /** All combinations; drawn ones; or drawn ones of which the better ones train on (ASHA). Default grid. */
  method: option.oneOf(['grid', 'random', 'asha']),
  /** Trials that are drawn. Default 20. */
  trials: option.integer({ least: 1, most: mostTrials }),
  /** Decides what is drawn. Default 0. */
  seed: option.integer(),
  /** Epochs of the first rung of ASHA. Default 1. */
  leastEpochs: option.count(),
  /** Share that goes to the next rung, 1 of so many, and factor of its epochs. Default 4, as in the paper. */
  factor: option.integer({ least: 2, most: 16 }),
  /** Trials that train once more and longer when all others are done: { numbers, epochs }. Default: none. */
  finals: option.any<Finals>('an object'),
};

const finalRules = {
  /** Trials by the numbers that the index of the sweep has for them. */
  numbers: option.required(option.list(option.integer({ most: mostTrials }), { least: 1, most: 256 })),
  epochs: option.required(option.count()),
};

/** Trials that train once more, from the beginning, for so many epochs. */
export type Finals = OptionsOf<typeof finalRules>;

/** A sweep over fields of a run, with every default filled in. */
export interface SweepSpec {
  readonly version: 1;
  readonly base: RunRequest;
  readonly vary: SearchSpace;
  readonly among?: readonly Changes[];
  readonly goal?: Goal;
  readonly method: 'grid' | 'random' | 'asha';
  readonly trials: number;
  readonly seed: number;
  readonly leastEpochs: number;
  readonly factor: number;
  readonly finals?: Finals;
}

/** Checks what decides a sweep. @throws OptionError, ArgumentError; SpecError for parts that do not go together */
export function sweepSpec(given: unknown): SweepSpec {
  checkOptions('sweep', rules, given);
  const {
    base = {},
    vary = {},
    among,
    goal,
    method = 'grid',
    seed = 0,
    leastEpochs = 1,
    factor = 4,
    finals,
  } = given as Partial<SweepSpec>;
  if (among !== undefined) checkAmong('sweep', among);
  if (among === undefined || Object.keys(vary).length > 0) checkSpace('sweep', vary);
  if (goal !== undefined) checkGoal(goal);
  if (finals !== undefined) checkOptions('sweep finals', finalRules, finals);
  const varied = among?.some((changes) => Object.hasOwn(changes, 'epochs')) ? 'among' : 'vary';
  if (method === 'asha' && (varied === 'among' || Object.hasOwn(vary, 'epochs')))
    throw new SpecError({
      operation: 'sweep',
      expected: 'epochs in base alone, as asha decides how many a trial has',
      actual: `epochs in ${varied}`,
    });
  const { trials = among?.length ?? 20 } = given as Partial<SweepSpec>;
  return {
    ...{ version: 1, base, vary },
    ...(among && { among }),
    ...(goal && { goal }),
    ...{ method, trials, seed, leastEpochs, factor },
    ...(finals && { finals }),
  };
}

/** Reads a sweep from JSON text. @param source names it, in errors */
export function readSweep(text: string, source: string): SweepSpec {
  const value = parseJson(text, { maxDepth: 10, maxValues: 2 ** 16 }, (position, expected, actual) => {
    throw new SpecError({ operation: source, expected: `${expected} at character ${position}`, actual });
  });
  return sweepSpec(value);
}
