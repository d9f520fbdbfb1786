import { type Advice, ArgumentError, random, refuseMisspelt } from '@funhash/hashing';
import {
  allocateArray,
  type DType,
  dtypeOf,
  type FloatDType,
  type NestedArray,
  sizeOf,
  type TypedArray,
} from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';

/** Numbers of examples one after the other, or nested by example. */
export type Numbers = TypedArray | readonly NestedArray[];

/**
 * Examples in memory: a data set, or one batch, with labels or targets. Other fields, such as the name of a data set,
 * are not read.
 */
export interface Examples {
  /** Number of examples. Default: the number of labels, nested inputs or targets, or of the numbers in flat targets. */
  readonly count?: number;
  /** Samples, [N, …]. Bytes are pixels and become value / 255; an Int32Array stays integer. */
  readonly inputs: Numbers;
  /** Shape of one input. Default: that of the nesting, else one axis. */
  readonly inputShape?: readonly number[];
  /** Classes 0, 1, 2, …, [N]. */
  readonly labels?: ArrayLike<number>;
  /** Numbers to fit, or probabilities of classes, [N, T]. */
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

const operation = 'examples';

function refuse(expected: string, actual: string, remedy?: string): never {
  throw new ArgumentError({ operation, expected, actual, ...(remedy && { remedy }) });
}

const fields = ['inputs', 'labels', 'targets', 'count', 'inputShape'] as const satisfies (keyof Examples)[];
// Names that `inputs` had in earlier versions.
const advice: Advice = { images: 'did you mean inputs?', points: 'did you mean inputs?' };

/** @throws ArgumentError where counts and lengths do not fit each other */
export function arraysOf(examples: Examples): Arrays {
  refuseMisspelt(operation, fields, { ...examples }, advice);
  const { inputs, labels, targets } = examples;
  if (inputs === undefined) refuse('inputs', `the fields ${Object.keys(examples)}`);
  if ((labels === undefined) === (targets === undefined))
    refuse('labels or targets', labels ? 'both' : `the fields ${Object.keys(examples)}`);
  const count = countOf(examples, inputs);
  return {
    count,
    inputs: shaped('inputs', inputs, count, examples.inputShape),
    targets: labels ? labelsOf(labels, count) : shaped('targets', targets as Numbers, count),
  };
}

/** Inputs alone, for predictions. */
export function inputsOf(
  inputs: Numbers,
  shape: { count?: number; inputShape?: readonly number[] } = {},
): NumericArray {
  const { inputShape } = shape;
  const nested = ArrayBuffer.isView(inputs) ? undefined : inputs.length;
  const count = shape.count ?? nested ?? (inputShape && inputs.length / sizeOf(inputShape));
  if (count === undefined) refuse('a count or an inputShape beside flat inputs', 'neither');
  return shaped('inputs', inputs, count, inputShape);
}

function countOf({ count, labels, targets }: Examples, inputs: Numbers): number {
  const nested = ArrayBuffer.isView(inputs) ? undefined : inputs.length;
  const found = count ?? labels?.length ?? nested ?? (targets as Numbers).length;
  if (!Number.isInteger(found) || found < 1) refuse('a count of at least 1', String(found));
  return found;
}

function labelsOf(labels: ArrayLike<number>, count: number): NumericArray {
  if (labels.length !== count) refuse(`${count} labels`, String(labels.length));
  const data = labels instanceof Int32Array ? labels : Int32Array.from(labels);
  const bad = data.findIndex((label, k) => label < 0 || label !== labels[k]);
  if (bad >= 0) refuse('labels that are classes 0, 1, 2, …', `${labels[bad]} at ${bad}`);
  return { shape: [count], data };
}

function shaped(name: string, values: Numbers, count: number, shape?: readonly number[]): NumericArray {
  const data = ArrayBuffer.isView(values) ? values : flatten(name, values);
  const size = data.length / count;
  const row = shape ?? (ArrayBuffer.isView(values) ? [size] : rowShape(values, size));
  if (!Number.isInteger(size) || size < 1 || sizeOf(row) !== size)
    refuse(
      `${name} of ${count} examples${shape ? ` of shape [${shape}]` : ''}`,
      `${data.length} numbers`,
      'Give `count` where it cannot be told.',
    );
  return { shape: [count, ...row], data };
}

function flatten(name: string, values: readonly NestedArray[]): Float64Array {
  const flat = ([values] as unknown[]).flat(Number.POSITIVE_INFINITY);
  const stranger = flat.find((value) => typeof value !== 'number');
  if (stranger !== undefined) refuse(`${name} that are numbers`, typeof stranger);
  return Float64Array.from(flat as number[]);
}

// Rows of one length only: that total and first row agree is checked by the caller, that all rows do here.
function rowShape(values: readonly NestedArray[], size: number): readonly number[] {
  const shapeOf = (value: NestedArray): number[] =>
    typeof value === 'number' ? [] : [value.length, ...(value[0] === undefined ? [] : shapeOf(value[0]))];
  const [first = 0] = values;
  const shape = shapeOf(first);
  const ragged = values.findIndex((value) => shapeOf(value).join() !== shape.join());
  if (ragged >= 0)
    refuse(`every example of shape [${shape}]`, `[${shapeOf(values[ragged] as NestedArray)}] at ${ragged}`);
  return shape.length === 0 ? [size] : shape;
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
    refuse(`a validation share in (0, 1) that leaves examples on both sides of ${all.count}`, String(share));
  const order = random(seed).fork('validation').permutation(all.count);
  const part = (places: Uint32Array): Arrays => ({
    count: places.length,
    inputs: gathered(all.inputs, places, dtypeOf(all.inputs.data)),
    targets: gathered(all.targets, places, dtypeOf(all.targets.data)),
  });
  return { train: part(order.subarray(apart)), validation: part(order.subarray(0, apart)) };
}
