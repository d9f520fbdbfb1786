import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { SequenceError } from '../errors.ts';

/** Numbers of sequences: floats, pixels 0–255 that become 0–1, or tokens. */
export type SequenceValues = Float32Array | Uint8Array | Int32Array;

const isValues = (value: unknown): boolean =>
  value instanceof Float32Array || value instanceof Uint8Array || value instanceof Int32Array;

const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);

/** What sequences consist of; data sets of `@funhash/datasets` have more, which is not read. */
export const sequenceRules = {
  /** Sequences one after the other, `[N, …inputShape]`. Bytes are pixels and become value / 255; an Int32Array holds tokens. */
  inputs: option.required(
    option.that<SequenceValues>('a Float32Array, Uint8Array or Int32Array that is not empty', isValues),
  ),
  /** Shape of one sequence, as the model takes it: `[T]` of tokens, `[T, features]`, `[height, width, channels]`. */
  inputShape: option.required(option.list(option.count(), { least: 1, most: 8 })),
  /** Real steps of each sequence, `[N]`; what follows or goes before is padding. Default: all steps are real. */
  lengths: option.that<ArrayLike<number>>('numbers of real steps', isNumbers),
  /** Class of each sequence, `[N]`. */
  labels: option.that<ArrayLike<number>>('classes, whole numbers ≥ 0', isNumbers),
};

/** Sequences in memory, all of one shape. */
export type Sequences = OptionsOf<typeof sequenceRules>;

/** One sequence: its numbers, and how many of its steps are real where not all are. */
export interface Sequence {
  readonly values: Float32Array | Int32Array;
  readonly length?: number | undefined;
}

/** Sequences as a list that models and mutations take. */
export interface SequenceList {
  readonly inputShape: readonly number[];
  readonly items: readonly Sequence[];
  readonly labels?: ArrayLike<number> | undefined;
}

/**
 * Sequences one by one. Pixels become floats from 0 to 1.
 *
 * @throws SequenceError where there are none, counts do not fit, or a sequence has no real step
 */
export function sequenceList(operation: string, given: Sequences): SequenceList {
  const known = given && typeof given === 'object' ? pick(given) : given;
  checkOptions(operation, sequenceRules, known);
  const { inputs, inputShape, lengths, labels } = given;
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  const count = inputs.length / size;
  if (count < 1 || !Number.isInteger(count))
    throw new SequenceError({
      operation,
      expected: `at least one sequence, of ${size} numbers each`,
      actual: `${inputs.length} numbers`,
      remedy: 'Give inputs [N, …inputShape] with N at least 1.',
    });
  for (const [name, list] of Object.entries({ lengths, labels }))
    if (list && list.length !== count)
      throw new SequenceError({ operation, expected: `${count} ${name}`, actual: String(list.length) });
  const values = inputs instanceof Uint8Array ? Float32Array.from(inputs, (pixel) => pixel / 255) : inputs;
  if (values instanceof Float32Array) requireFinite(operation, values, size);
  const items = Array.from({ length: count }, (_, k): Sequence => {
    const own = values.subarray(k * size, (k + 1) * size);
    if (!lengths) return { values: own };
    const length = lengths[k] as number;
    if (!Number.isInteger(length) || length < 1)
      throw new SequenceError({
        operation,
        expected: 'at least one real step in each sequence',
        actual: `sequence ${k}: ${length}`,
        remedy: 'Leave sequences out of which every step is masked.',
      });
    return { values: own, length };
  });
  if (labels)
    for (let k = 0; k < count; k++)
      if (!Number.isInteger(labels[k]) || (labels[k] as number) < 0)
        throw new ArgumentError({
          operation,
          expected: 'classes, whole numbers ≥ 0',
          actual: `labels[${k}] = ${labels[k]}`,
        });
  return { inputShape, items, labels };
}

function pick(given: Sequences): Sequences {
  return Object.fromEntries(
    Object.keys(sequenceRules).map((name) => [name, given[name as keyof Sequences]]),
  ) as Sequences;
}

function requireFinite(operation: string, values: Float32Array, size: number): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new SequenceError({
      operation,
      expected: 'finite numbers',
      actual: `${values[at]} in sequence ${Math.floor(at / size)}, element ${at % size}`,
    });
}
