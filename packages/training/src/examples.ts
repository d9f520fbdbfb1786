import { type Advice, ArgumentError, option, random, refuseMisspelt, shownValue } from '@funhash/hashing';
import { allocateArray, type DType, dtypeOf, type FloatDType, sizeOf } from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';
import { type Numbers, type PackedNumbers, packNumbers } from './packed-numbers.ts';

/**
 * Examples in memory: a data set, or one batch, with labels or targets. Other fields, such as the name of a data set,
 * are not read.
 */
export interface Examples {
  /** Number of examples. Default: the number of labels, nested inputs or targets, or of the numbers in flat targets. */
  readonly count?: number;
  /** Samples, [N, …]. Bytes (Uint8Array, Uint8ClampedArray) are pixels and become value / 255; an Int32Array stays integer. */
  readonly inputs: Numbers;
  /** Shape of one input. Default: that of the nesting, else one axis. */
  readonly inputShape?: readonly number[];
  /** Classes 0, 1, 2, …, [N]. */
  readonly labels?: ArrayLike<number>;
  /** Numbers to fit, or probabilities of classes, [N, T]. Bytes are pixels, as in inputs. */
  readonly targets?: Numbers;
}

/** Examples as arrays of known shape: inputs [N, …], targets [N] (i32 labels) or [N, T]. */
export interface Arrays {
  /** Number of examples. */
  readonly count: number;
  readonly inputs: NumericArray;
  readonly targets: NumericArray;
  /** Kind of numbers that the inputs were before they were taken for a model. Default f32. */
  readonly given?: 'u8' | 'i32' | 'f32';
}

function refuse(operation: string, expected: string, actual: string, remedy?: string): never {
  throw new ArgumentError({ operation, expected, actual, ...(remedy && { remedy }) });
}

const fields = ['inputs', 'labels', 'targets', 'count', 'inputShape'] as const satisfies (keyof Examples)[];
// Names that `inputs` had in earlier versions.
const advice: Advice = { images: 'did you mean inputs?', points: 'did you mean inputs?' };
const [countRule, shapeRule] = [option.count(), option.list(option.count())];

/** Names of a place in errors: who reads examples, and what they are to him. */
export interface ExamplesPlace {
  /** Default `examples`. */
  readonly operation?: string;
  /** Such as `validation`, of which `validation.labels[3]` is part. Default: none. */
  readonly name?: string;
}

/**
 * Examples as typed arrays of known shapes.
 *
 * @throws ArgumentError where something is no number, label or row, with its place, and where counts do not fit
 */
export function arraysOf(examples: Examples, { operation = 'examples', name }: ExamplesPlace = {}): Arrays {
  const at = (field: string): string => (name === undefined ? field : `${name}.${field}`);
  if (typeof examples !== 'object' || examples === null)
    refuse(
      operation,
      `${name ?? 'examples'}: { inputs, labels } or { inputs, targets }`,
      shownValue(examples),
    );
  refuseMisspelt(operation, fields, { ...examples }, advice);
  const { labels, targets, inputShape } = examples;
  const found = `the fields ${Object.keys(examples).join(', ') || 'of an empty object'}`;
  if (examples.inputs === undefined) refuse(operation, at('inputs'), found);
  if ((labels === undefined) === (targets === undefined))
    refuse(operation, `${at('labels')} or ${at('targets')}`, labels ? 'both' : found);
  requireRules(operation, at, examples);
  const inputs = packNumbers(operation, at('inputs'), examples.inputs);
  const goals =
    labels === undefined
      ? packNumbers(operation, at('targets'), targets)
      : labelsOf(operation, at('labels'), labels);
  const what = labels === undefined ? 'targets' : 'labels';
  if (goals.data instanceof Uint8Array && goals.data.includes(1) && goals.data.every((value) => value <= 1))
    refuse(
      operation,
      `${at('targets')}: bytes up to 255, which become value / 255 as pixels do`,
      'none above 1',
      'Numbers 0 and 1: targets: Float32Array.from(targets).',
    );
  const { count, why } = countOf(operation, at, examples, inputs, goals);
  if (examples.count === undefined && isRows(inputs) && (what === 'labels' || isRows(goals)))
    if (inputs.shape[0] !== goals.shape[0])
      refuse(
        operation,
        `as many ${at('inputs')} as ${at(what)}`,
        `${inputs.shape[0]} inputs and ${goals.shape[0]} ${what}`,
      );
  if (what === 'labels' && goals.shape[0] !== count)
    refuse(operation, `${at('labels')} of ${count} examples, ${why}`, `${goals.shape[0]} labels`);
  return {
    count,
    inputs: shaped(operation, at('inputs'), inputs, { count, why }, inputShape),
    targets: what === 'labels' ? goals : shaped(operation, at('targets'), goals, { count, why }),
  };
}

const isRows = ({ shape }: PackedNumbers): boolean => shape.length > 1;

function requireRules(
  operation: string,
  at: (field: string) => string,
  { count, inputShape }: Examples,
): void {
  if (count !== undefined && !countRule.accepts(count))
    refuse(operation, `${at('count')}: ${countRule.expected}`, shownValue(count));
  if (inputShape !== undefined && !shapeRule.accepts(inputShape))
    refuse(operation, `${at('inputShape')}: ${shapeRule.expected}`, shownValue(inputShape));
}

/** Inputs alone, for predictions. */
export function inputsOf(
  inputs: Numbers,
  shape: { count?: number; inputShape?: readonly number[] } = {},
): NumericArray {
  const operation = 'predict';
  const packed = packNumbers(operation, 'inputs', inputs);
  const { inputShape } = shape;
  const nested = ArrayBuffer.isView(inputs) ? undefined : packed.shape[0];
  const count = shape.count ?? nested ?? (inputShape && packed.data.length / sizeOf(inputShape));
  if (count === undefined) refuse(operation, 'a count or an inputShape beside flat inputs', 'neither');
  return shaped(operation, 'inputs', packed, { count, why: 'as their shape says' }, inputShape);
}

/** The number of examples: as it is told, or that of labels, of nested inputs, of inputs of a known shape, of targets. */
function countOf(
  operation: string,
  at: (field: string) => string,
  { count, labels, inputShape, ...given }: Examples,
  inputs: PackedNumbers,
  goals: PackedNumbers,
): { readonly count: number; readonly why: string } {
  const isNested = !ArrayBuffer.isView(given.inputs);
  const told: readonly [number | undefined, string][] = [
    [count, 'as `count` says'],
    [labels && goals.shape[0], 'as there are labels'],
    [isNested ? inputs.shape[0] : undefined, 'as there are inputs'],
    [inputShape && inputs.data.length / sizeOf(inputShape), 'as there are inputs'],
    [goals.shape[0], 'as there are targets'],
  ];
  const [found, why] = told.find(([number]) => number !== undefined) as [number, string];
  if (!countRule.accepts(found))
    refuse(operation, `a whole number of at least 1 ${at('inputs')}`, String(found));
  return { count: found, why };
}

function labelsOf(operation: string, at: string, labels: unknown): PackedNumbers {
  if (!Array.isArray(labels) && !ArrayBuffer.isView(labels))
    refuse(operation, `${at}: classes 0, 1, 2, … in a list or a typed array`, shownValue(labels));
  const given = labels as ArrayLike<unknown>;
  const count = given.length ?? 0;
  for (let k = 0; k < count; k++) {
    const label = given[k];
    if (Number.isInteger(label) && (label as number) >= 0 && (label as number) < 2 ** 31) continue;
    refuse(
      operation,
      `a class 0, 1, 2, … at ${at}[${k}]`,
      typeof label === 'string' ? JSON.stringify(label) : shownValue(label),
      remedyFor(label),
    );
  }
  return { shape: [count], data: labels instanceof Int32Array ? labels : Int32Array.from(given as number[]) };
}

function remedyFor(label: unknown): string | undefined {
  if (typeof label === 'string') return 'Number the classes: labels.map((name) => names.indexOf(name)).';
  return Array.isArray(label) ? 'Probabilities of classes are targets.' : undefined;
}

function shaped(
  operation: string,
  at: string,
  { shape, data }: PackedNumbers,
  { count, why }: { readonly count: number; readonly why: string },
  given?: readonly number[],
): NumericArray {
  const size = data.length / count;
  const isNested = shape.length > 1;
  const row = given ?? (isNested ? shape.slice(1) : [size]);
  const isRight = Number.isInteger(size) && size >= 1 && sizeOf(row) === size;
  if (isRight && (!isNested || shape[0] === count)) return { shape: [count, ...row], data };
  return refuse(
    operation,
    `${at} of ${count} examples${given ? ` of shape [${given}]` : ''}, ${why}`,
    isNested ? `${shape[0]} of shape [${shape.slice(1)}]` : `${data.length} numbers`,
    isNested ? undefined : 'Give `count` or `inputShape` where it cannot be told.',
  );
}

/** Examples at the given places, floating-point values and bytes in `dtype`. */
export function takeRows({ inputs, targets }: Arrays, places: ArrayLike<number>, dtype: FloatDType): Arrays {
  return {
    count: places.length,
    inputs: rowsOf(inputs, places, dtype),
    targets: rowsOf(targets, places, dtype),
    given: inputs.data instanceof Uint8Array ? 'u8' : inputs.data instanceof Int32Array ? 'i32' : 'f32',
  };
}

export function rowsOf(all: NumericArray, places: ArrayLike<number>, dtype: FloatDType): NumericArray {
  if (all.data instanceof Uint8Array) return pixelsOf(all.data, all.shape, places, dtype);
  return gathered(all, places, all.data instanceof Int32Array ? 'i32' : dtype);
}

const shares = Float64Array.from({ length: 256 }, (_, pixel) => pixel / 255);

function pixelsOf(
  pixels: Uint8Array,
  [, ...row]: readonly number[],
  places: ArrayLike<number>,
  dtype: FloatDType,
): NumericArray {
  const size = sizeOf(row);
  const out = allocateArray(dtype, places.length * size);
  for (let k = 0; k < places.length; k++) {
    const from = (places[k] as number) * size;
    for (let n = 0; n < size; n++) out[k * size + n] = shares[pixels[from + n] as number] as number;
  }
  return { shape: [places.length, ...row], data: out };
}

function gathered(
  { shape: [, ...row], data }: NumericArray,
  places: ArrayLike<number>,
  dtype: DType,
): NumericArray {
  const size = sizeOf(row);
  const out = allocateArray(dtype, places.length * size);
  for (let k = 0; k < places.length; k++) {
    const from = (places[k] as number) * size;
    // A view of a few numbers costs more than they do.
    if (size > 32) out.set(data.subarray(from, from + size), k * size);
    else for (let n = 0; n < size; n++) out[k * size + n] = data[from + n] as number;
  }
  return { shape: [places.length, ...row], data: out };
}

/** A seeded share of the examples apart from the rest. */
export function splitExamples(
  all: Arrays,
  share: number,
  seed: number,
): { train: Arrays; validation: Arrays } {
  const apart = Math.round(share * all.count);
  if (!(share > 0 && share < 1) || apart < 1 || apart >= all.count)
    refuse(
      'fit',
      `a validation share in (0, 1) that leaves examples on both sides of ${all.count}`,
      String(share),
    );
  const order = random(seed).fork('validation').permutation(all.count);
  const part = (places: Uint32Array): Arrays => ({
    count: places.length,
    inputs: gathered(all.inputs, places, dtypeOf(all.inputs.data)),
    targets: gathered(all.targets, places, dtypeOf(all.targets.data)),
  });
  return { train: part(order.subarray(apart)), validation: part(order.subarray(0, apart)) };
}
