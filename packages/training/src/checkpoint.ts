import { canonicalJson, decodeModel, encodeModel, type JsonValue } from '@funhash/codec';
import {
  ArgumentError,
  checkOptions,
  type OptionRule,
  type OptionRules,
  type OptionsOf,
  option,
} from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { CheckpointError } from './errors.ts';
import type { NumericArray, OptimizerState } from './optimizer.ts';
import type { RunDescription } from './run-description.ts';

/** The state of a run besides model and optimiser: with these two, all that decides what comes next. */
export interface Progress {
  /** Seed of the run. */
  readonly seed: number;
  /** Whole epochs done. */
  readonly epoch: number;
  /** Steps done in the epoch under way. */
  readonly stepInEpoch: number;
  /** Steps done in all. */
  readonly step: number;
  /** Sum over the epoch under way: Σ loss · examples. */
  readonly lossSum: number;
  /** Sum over the epoch under way: Σ penalty · examples; 0 without a penalty. */
  readonly penaltySum: number;
  /** Examples of the epoch under way. */
  readonly exampleCount: number;
  /** Loss of the last step; null before the first. */
  readonly lastLoss: number | null;
  /** Learning rate of the last step; 0 before the first. */
  readonly learningRate: number;
  /** Steps of every epoch; null where the data do not tell. */
  readonly stepsPerEpoch: number | null;
  /** The best value of the metric of early stopping, and the epoch that ended with it. */
  readonly best: { readonly value: number; readonly epoch: number } | null;
}

/** A run at rest, from which it continues bit for bit. */
export interface Checkpoint {
  /** The model's `spec`, as JSON text with sorted keys, where it has one: hash seeds are part of a model. */
  readonly model: string | null;
  /** What decides the run besides, and how many steps it was to have; undefined in checkpoints of earlier versions. */
  readonly run?: { readonly fields: RunDescription; readonly steps: number | null } | undefined;
  /** How far the run has come. */
  readonly progress: Progress;
  /** Values of parameters and buffers, by name. */
  readonly parameters: ReadonlyMap<string, NumericArray>;
  /** State of the optimiser. */
  readonly optimizer: OptimizerState;
  /** Parameters at the end of the best epoch, where early stopping restores them. */
  readonly bestParameters: ReadonlyMap<string, NumericArray>;
  /** Moving averages of what changes in training, where the run has some. */
  readonly average: ReadonlyMap<string, NumericArray>;
}

const count = option.required(option.integer({ most: Number.MAX_SAFE_INTEGER }));
const real = option.required(option.real());
const orNull = <T>({ expected, accepts }: OptionRule<T>): OptionRule<T | null, true> =>
  option.required(option.that(`${expected}, or null`, (value) => value === null || accepts(value)));
const record = option.required(
  option.that<Readonly<Record<string, unknown>>>(
    'an object',
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
);

const isField = (value: unknown): boolean =>
  value === null ||
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.length <= 2 ** 16 && value.every(Number.isFinite));

const topRules = {
  kind: option.required(option.oneOf(['checkpoint'])),
  version: option.required(option.oneOf([1])),
  model: orNull(option.that<string>('a text', (value) => typeof value === 'string')),
  run: option.that<Readonly<Record<string, unknown>>>('an object', record.accepts),
  progress: record,
  optimizer: record,
} as const;

const runRules = {
  fields: option.required(
    option.that<RunDescription>(
      'at most 256 texts, numbers, flags, nulls and lists of numbers, by name',
      (value) =>
        record.accepts(value) &&
        Object.keys(value as object).length <= 256 &&
        Object.values(value as object).every(isField),
    ),
  ),
  steps: orNull(count),
} as const;

const progressRules = {
  seed: count,
  epoch: count,
  stepInEpoch: count,
  step: count,
  lossSum: real,
  /** Left out in checkpoints of earlier versions. */
  penaltySum: option.real(),
  exampleCount: count,
  lastLoss: orNull(real),
  learningRate: real,
  stepsPerEpoch: orNull(count),
  best: orNull(record),
} as const;

const bestRules = { value: real, epoch: count } as const;

const optimizerRules = {
  rule: option.required(option.that<string>('a text', (value) => typeof value === 'string')),
  step: count,
  scales: option.required(option.list(option.real())),
} as const;

const groups = { parameters: 'parameters/', slots: 'optimizer/', best: 'best/', average: 'average/' };

/** A model file (safetensors) of parameters, optimiser slots, best and averaged parameters, with the rest as JSON. */
export function encodeCheckpoint({
  model,
  run,
  progress,
  parameters,
  optimizer,
  bestParameters,
  average,
}: Checkpoint): Uint8Array {
  const { slots, ...rest } = optimizer;
  const prefixed = (prefix: string, arrays: ReadonlyMap<string, NumericArray>) =>
    [...arrays].map(([name, array]) => [prefix + name, array] as const);
  return encodeModel({
    spec: {
      kind: 'checkpoint',
      version: 1,
      model,
      ...(run && { run: { steps: run.steps, fields: plain(run.fields) } }),
      progress: { ...progress, best: progress.best && { ...progress.best } },
      optimizer: { ...rest, scales: [...rest.scales] },
    },
    tensors: new Map([
      ...prefixed(groups.parameters, parameters),
      ...prefixed(groups.slots, slots),
      ...prefixed(groups.best, bestParameters),
      ...prefixed(groups.average, average),
    ]),
  });
}

const plain = (run: RunDescription): Record<string, JsonValue> =>
  Object.fromEntries(
    Object.entries(run).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  );

/**
 * Reads a checkpoint from the bytes of a file.
 *
 * @throws ModelFileError for bytes that are no model file or were damaged, CheckpointError for another model file
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { spec, tensors } = decodeModel(bytes, { source: 'a checkpoint' });
  const { model, run, progress, optimizer } = checked(topRules, spec, 'the top');
  const { best, penaltySum = 0, ...sums } = checked(progressRules, progress, 'progress');
  const group = (prefix: string): Map<string, NumericArray> =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { shape, data }]) => [name.slice(prefix.length), { shape, data }]),
    );
  return {
    model,
    run: run && checked(runRules, run, 'run'),
    progress: { ...sums, penaltySum, best: best && checked(bestRules, best, 'best') },
    parameters: group(groups.parameters),
    optimizer: { ...checked(optimizerRules, optimizer, 'optimizer'), slots: group(groups.slots) },
    bestParameters: group(groups.best),
    average: group(groups.average),
  };
}

/** A part of the description with the fields that rules have, and no others. @throws CheckpointError */
function checked<R extends OptionRules>(rules: R, given: unknown, place: string): OptionsOf<R> {
  try {
    checkOptions('decodeCheckpoint', rules, given);
    return given as OptionsOf<R>;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new CheckpointError({
      operation: 'decodeCheckpoint',
      expected: `a checkpoint, ${error.details.expected} at ${place}`,
      actual: error.details.actual,
      remedy: 'A file that a model was saved to is opened with load.',
    });
  }
}

/** The description of a model besides its values, as JSON text; null for one that does not give it. */
export function specText(model: Model): string | null {
  if (!('spec' in model)) return null;
  return canonicalJson(model.spec, { maxDepth: 64, maxValues: 2 ** 17 });
}
