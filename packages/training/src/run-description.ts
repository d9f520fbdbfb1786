import { shownValue } from '@funhash/hashing';
import type { Arrays } from './examples.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { FitConfig } from './fit-config.ts';
import type { Loss } from './losses.ts';
import { isLabels } from './numeric-array.ts';
import { type Optimizer, optimizerRules, type RunLength } from './optimizer.ts';
import type { Penalty } from './penalty.ts';
import type { Schedule } from './schedules.ts';
import { lossName } from './targets.ts';

/** Value of a field of a description. Lists of numbers are what a schedule gives at some steps. */
export type Described = string | number | boolean | null | readonly number[];

/**
 * What decides a run besides its model, by the names of a configuration of `fit`, such as `optimizer.learningRate`: a
 * checkpoint keeps it, and another run does not resume from it. Not in it, and free to change: `epochs`, validation
 * examples, `metrics`, patience, checkpoints, reports, the signal and the backend.
 *
 * - `data`: whether examples are in memory or made by a function. Of those in memory kind, shape and a hash of inputs and
 *   of labels or targets (see `fingerprintOf`), `batchSize`, `shuffle`, and the share set apart for validation.
 * - `loss`, by name; `classWeights`, `labelSmoothing`; the penalty, by its name and its options.
 * - `accumulate`; the names of what is frozen; `average` with its decay and warm-up.
 * - `optimizer`: its rule and every option. `schedule` and a learning rate that is one: what they give at 16 steps of the
 *   run that the checkpoint is of.
 * - `earlyStopping`: the metric and its goal, where both runs stop early.
 */
export type RunDescription = Readonly<Record<string, Described>>;

/** The fields that are told by the examples. */
export function describeData(all: Arrays): RunDescription {
  const { inputs, targets } = all;
  return {
    'data.inputs': fingerprintOf(inputs),
    [isLabels(targets) ? 'data.labels' : 'data.targets']: fingerprintOf(targets),
  };
}

/** The fields that are told by the configuration, with its defaults. */
export function describeConfig(
  config: FitConfig,
  {
    batchSize,
    optimizer,
    loss,
    penalty,
    frozen,
  }: {
    readonly batchSize: number;
    readonly optimizer: Optimizer;
    readonly loss: Loss;
    readonly penalty: Penalty | undefined;
    readonly frozen: readonly string[];
  },
  { schedule, steps }: RunLength,
): RunDescription {
  const { data, classWeights, labelSmoothing = 0, shuffle = true, validation, earlyStopping } = config;
  const { learningRate, ...options } = { ...noOptions, ...optimizer.options };
  const isInMemory = typeof data !== 'function';
  const share = typeof validation === 'number' ? validation : null;
  const { metric = 'loss', goal = 'min' } = earlyStopping ?? {};
  const { average, accumulate = 1 } = config;
  return {
    data: isInMemory ? 'in memory' : 'made by a function',
    ...(isInMemory && { batchSize, shuffle, 'validation share': share }),
    loss: lossName(loss),
    classWeights: classWeights ? [...classWeights] : null,
    labelSmoothing,
    accumulate,
    freeze: frozen.length > 0 ? [...frozen].sort().join(', ') : null,
    penalty: penalty?.name ?? null,
    ...Object.fromEntries(
      Object.entries(penalty?.options ?? {}).map(([name, value]) => [`penalty.${name}`, described(value)]),
    ),
    average: average ? average.decay : null,
    ...(average && { 'average.warmup': average.warmup ?? true }),
    optimizer: optimizer.rule,
    ...Object.fromEntries(
      Object.entries(options).map(([name, value]) => [`optimizer.${name}`, described(value)]),
    ),
    'optimizer.learningRate':
      typeof learningRate === 'function' ? sampled(learningRate as Schedule, steps) : described(learningRate),
    schedule: schedule ? sampled(schedule, steps) : null,
    ...(earlyStopping && { 'earlyStopping.metric': metric, 'earlyStopping.goal': goal }),
  };
}

const noOptions = Object.fromEntries(Object.keys(optimizerRules).map((name) => [name, undefined]));

function described(value: unknown): Described {
  if (value === undefined || value === false) return null;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
  return typeof value === 'function' ? 'a function' : shownValue(value);
}

const probes = 16;

/** The steps at which schedules are compared: all over a run of known length, else powers of two. */
function probesOf(steps: number | undefined): number[] {
  return Array.from({ length: probes }, (_, k) =>
    steps === undefined ? 2 ** k - 1 : Math.floor((k * Math.max(0, steps - 1)) / (probes - 1)),
  );
}

function sampled(schedule: Schedule, steps: number | undefined): readonly number[] {
  return probesOf(steps).map((step) => schedule(step, steps));
}

/**
 * The fields in which two runs differ, each as a message has it: `batchSize: 34 in the checkpoint, 40 here`. Fields that
 * only one of them has are not compared.
 *
 * @param steps of the run of the checkpoint
 */
export function differencesOf(
  saved: RunDescription,
  own: RunDescription,
  steps: number | undefined,
): string[] {
  const isOtherRule = saved.optimizer !== own.optimizer;
  return Object.keys(saved).flatMap((name) => {
    const [was, is] = [saved[name], own[name]];
    if (was === undefined || is === undefined || (isOtherRule && name.startsWith('optimizer.'))) return [];
    const found = partingOf(was, is);
    if (found === undefined) return [];
    const isSchedule = name === 'schedule' || name === 'optimizer.learningRate';
    const at = isSchedule && found.at !== undefined ? ` at step ${probesOf(steps)[found.at]}` : '';
    const [a, b] = [found.was, found.is].map((value) =>
      isSchedule && Array.isArray(value) ? 'a schedule' : shown(value),
    );
    return [`${name}: ${a}${at} in the checkpoint, ${b} here`];
  });
}

const shown = (value: Described): string =>
  value === null ? 'none' : Array.isArray(value) ? `[${value}]` : String(value);

interface Parting {
  readonly was: Described;
  readonly is: Described;
  readonly at?: number;
}

/** The place where two values part; undefined where they are the same. */
function partingOf(was: Described, is: Described): Parting | undefined {
  if (!Array.isArray(was) || !Array.isArray(is)) return isSame(was, is) ? undefined : { was, is };
  if (was.length !== is.length) return { was, is };
  const at = was.findIndex((value: number, k: number) => !isSame(value, is[k]));
  return at < 0 ? undefined : { was: was[at], is: is[at], at };
}

// Cosines and powers may differ in their last digit from engine to engine.
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-9 * Math.abs(a));
