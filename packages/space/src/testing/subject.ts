import { type FloatArray, Interpreter, type Program } from '@funhash/formula';
import { FunhashError, type Random, random } from '@funhash/hashing';
import { type Backend, sizeOf, type Tensor, type TypedArray, tensor } from '@funhash/tensor';
import type { VirtualMatrix } from '../ops/virtual-matrix.ts';
import type { OptionSchema } from '../options.ts';
import type { MatrixShape, SchemeDefinition, WeightRequest } from '../scheme.ts';
import { createWeight, type WeightOptions } from '../weight/create-weight.ts';
import { Weight, type WeightParts } from '../weight/weight.ts';

export type Arrays = readonly Float64Array[];

/** What the laws of schemes are checked on: weights of one request and shape, on one backend. */
export class Subject {
  readonly shape: MatrixShape;
  /** Largest relative error of the standard deviation of V. */
  readonly stdTolerance: number;
  /** Names the backend in messages. */
  readonly where: string;
  /** The precision and the relative error to be expected of the backend. */
  readonly dtype: 'f32' | 'f64';
  readonly tolerance: number;
  readonly #request: () => WeightRequest;

  constructor(
    request: () => WeightRequest,
    shape: MatrixShape,
    stdTolerance: number,
    backend: Backend,
    isReference: boolean,
  ) {
    this.#request = request;
    this.shape = shape;
    this.stdTolerance = stdTolerance;
    this.where = `the ${backend.name} backend`;
    this.dtype = isReference ? 'f64' : 'f32';
    this.tolerance = isReference ? 1e-9 : singleTolerance;
  }

  get request(): WeightRequest {
    return this.#request();
  }

  weight(options: Partial<WeightOptions> = {}, request = this.request): Weight {
    return createWeight(request, { ...this.shape, ...options });
  }

  /** V of a weight over tensors of this backend and precision. */
  matrix(weight: Weight, values: Arrays): VirtualMatrix {
    return { ...weight.virtual, stored: this.tensors(weight, values), decoded: undefined };
  }

  tensors(weight: Weight, values: Arrays): Tensor[] {
    return values.map((array, k) =>
      tensor(array, (weight.parameters[k] as { value: Tensor }).value.shape, { dtype: this.dtype }),
    );
  }

  tensor(values: Float64Array, shape: readonly number[]): Tensor {
    return tensor(values, shape, { dtype: this.dtype });
  }
}

/** The relative error that single precision may make in the sums of the laws. */
export const singleTolerance = 1e-4;

/** The values of a weight on the reference. */
export const valuesOf = (weight: Weight): Arrays =>
  weight.parameters.map(({ value }) => Float64Array.from(value.dataSync()));

/** The values of a weight on any backend. */
export const readValues = (weight: Weight): Promise<Arrays> =>
  Promise.all(weight.parameters.map(async ({ value }) => Float64Array.from(await value.data())));

/** What a tensor that is needed no longer holds. */
export async function readOnce(tensor: Tensor): Promise<TypedArray> {
  const values = await tensor.data<TypedArray>();
  tensor.dispose();
  return values;
}

/** Random values in place of a weight's on the reference, of their own size. */
export const otherValues = (weight: Weight, seed: number): Arrays => others(valuesOf(weight), seed);

/** Random values in place of a weight's on any backend, of their own size. */
export const readOthers = async (weight: Weight, seed: number): Promise<Arrays> =>
  others(await readValues(weight), seed);

function others(arrays: Arrays, seed: number): Arrays {
  const draw = random(seed);
  return arrays.map((values) => {
    const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length)) || 1;
    return normal(draw, values.length, size);
  });
}

export function normal(draw: Random, count: number, std = 1): Float64Array {
  return draw.fillNormal(new Float64Array(count), 0, std);
}

/** The same weight with other parts; shares its parameters. */
export function changed(weight: Weight, change: Partial<WeightParts>): Weight {
  return new Weight({ ...partsOf(weight), ...change });
}

function partsOf({ definition, options, rows, cols, parameters, policy, space, scale }: Weight): WeightParts {
  return { definition, options, rows, cols, parameters, policy, space, scale };
}

/** A copy of a scheme that shares nothing with it that was remembered, as in another process. */
export function afresh(definition: SchemeDefinition<OptionSchema>): SchemeDefinition<OptionSchema> {
  return { ...definition };
}

/** Whether other extents would change the shapes of what the weight stores, or are not possible under its options. */
export function dependsOnShape({ definition, options, rows, cols }: Weight, other: MatrixShape): boolean {
  const here = JSON.stringify(definition.stored(options, { rows, cols }));
  try {
    return JSON.stringify(definition.stored(options, other)) !== here;
  } catch (error) {
    if (error instanceof FunhashError) return true;
    throw error;
  }
}

export interface Window extends MatrixShape {
  readonly firstRow: number;
  readonly firstCol: number;
}

/** The entries of a window of V (default: all), by the interpreter alone, in double precision. */
export function entriesOf(v: VirtualMatrix, values: Arrays, window: Window = wholeOf(v)): Float64Array {
  return run(v, v.formula.program, values, window, []);
}

export function wholeOf({ rows, cols }: MatrixShape): Window {
  return { rows, cols, firstRow: 0, firstCol: 0 };
}

/** The derivative of V in a direction. */
export function derivativeOf(v: VirtualMatrix, values: Arrays, direction: Arrays): Float64Array {
  return run(v, v.formula.tangent.program, [...values, ...direction], wholeOf(v), []);
}

/** The gradients of the stored values under the cotangent dV of a window of V. */
export function gradientsUnder(
  v: VirtualMatrix,
  values: Arrays,
  dV: Float64Array,
  window: Window = wholeOf(v),
): Arrays {
  const sinks = values.map((array) => new Float64Array(array.length));
  run(v, v.formula.adjoint, values, window, [dV], sinks);
  return sinks;
}

function run(
  v: VirtualMatrix,
  program: Program,
  stored: Arrays,
  window: Window,
  inputs: readonly FloatArray[],
  sinks: readonly FloatArray[] = [],
): Float64Array {
  const size = sizeOf([window.rows, window.cols]);
  const interpreter = new Interpreter(program, 'f64', Math.max(1, size));
  const { uniforms, scalars } = v;
  const [output] = interpreter.run({ ...window, uniforms, scalars, stored, inputs, sinks });
  return (output?.slice(0, size) ?? new Float64Array(0)) as Float64Array;
}

/** a [M, K] · bᵀ, with b [N, K] → [M, N]. */
export function timesTransposed(a: Float64Array, b: Float64Array, depth: number): Float64Array {
  const cols = b.length / depth;
  return Float64Array.from({ length: (a.length / depth) * cols }, (_, at) => {
    const [m, n] = [Math.floor(at / cols), at % cols];
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += (a[m * depth + k] as number) * (b[n * depth + k] as number);
    return sum;
  });
}

export function transposedValues(values: Float64Array, rows: number, cols: number): Float64Array {
  return values.map((_, at) => values[(at % rows) * cols + Math.floor(at / rows)] as number);
}
