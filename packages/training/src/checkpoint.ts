import { canonicalJson, decodeModel, encodeModel, type JsonValue } from '@funhash/codec';
import type { Model } from '@funhash/layers';
import * as v from 'valibot';
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

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const field = v.union([
  v.string(),
  v.number(),
  v.boolean(),
  v.null(),
  v.pipe(v.array(v.number()), v.maxLength(2 ** 16)),
]);
const fields = v.pipe(
  v.record(v.string(), field),
  v.check((record) => Object.keys(record).length <= 256, 'at most 256 fields'),
);

const description = v.strictObject({
  kind: v.literal('checkpoint'),
  version: v.literal(1),
  model: v.nullable(v.string()),
  run: v.optional(v.strictObject({ fields, steps: v.nullable(count) })),
  progress: v.strictObject({
    seed: count,
    epoch: count,
    stepInEpoch: count,
    step: count,
    lossSum: v.number(),
    penaltySum: v.optional(v.number(), 0),
    exampleCount: count,
    lastLoss: v.nullable(v.number()),
    learningRate: v.number(),
    stepsPerEpoch: v.nullable(count),
    best: v.nullable(v.strictObject({ value: v.number(), epoch: count })),
  }),
  optimizer: v.strictObject({ rule: v.string(), step: count, scales: v.array(v.number()) }),
});

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
  const parsed = v.safeParse(description, spec, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new CheckpointError({
      operation: 'decodeCheckpoint',
      expected: `a checkpoint, ${issue.expected ?? issue.message} at ${v.getDotPath(issue) ?? 'the top'}`,
      actual: issue.received,
      remedy: 'A file that a model was saved to is opened with load.',
    });
  }
  const { model, run, progress, optimizer } = parsed.output;
  const group = (prefix: string): Map<string, NumericArray> =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { shape, data }]) => [name.slice(prefix.length), { shape, data }]),
    );
  return {
    model,
    run,
    progress,
    parameters: group(groups.parameters),
    optimizer: { ...optimizer, slots: group(groups.slots) },
    bestParameters: group(groups.best),
    average: group(groups.average),
  };
}

/** The description of a model besides its values, as JSON text; null for one that does not give it. */
export function specText(model: Model): string | null {
  if (!('spec' in model)) return null;
  return canonicalJson(model.spec, { maxDepth: 64, maxValues: 2 ** 17 });
}
