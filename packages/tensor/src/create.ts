import { ArgumentError } from '@funhash/hashing';
import { currentBackend } from './backends.ts';
import { allocateArray, checkDType, type DType, dtypeOf, type TypedArray } from './dtype.ts';
import { ShapeError } from './errors.ts';
import { runKernel } from './run-kernel.ts';
import { checkShape, type Shape, shapeText, sizeOf } from './shape.ts';
import { Storage } from './storage.ts';
import { type NestedArray, Tensor } from './tensor.ts';

export interface TensorOptions {
  /** Default: that of a typed array, else `f32`. */
  readonly dtype?: DType;
}

/**
 * A tensor of the given values on the current backend.
 *
 * @param values a number, nested arrays, or a typed array in row-major order
 * @param shape default: that of the nesting; `[n]` for a typed array
 * @throws ShapeError where nesting is ragged or the values do not fill the shape
 */
export function tensor(
  values: NestedArray | TypedArray,
  shape?: Shape,
  { dtype }: TensorOptions = {},
): Tensor {
  const flat = ArrayBuffer.isView(values) ? values : flatten(values);
  const target = shape ?? (ArrayBuffer.isView(values) ? [values.length] : nestedShape(values));
  checkShape(target, 'tensor');
  if (sizeOf(target) !== flat.length)
    throw new ShapeError({
      operation: 'tensor',
      expected: `${sizeOf(target)} values for shape ${shapeText(target)}`,
      actual: String(flat.length),
    });
  const type = dtype ?? (ArrayBuffer.isView(values) ? dtypeOf(values) : 'f32');
  const result = empty(target, type);
  if (flat.length > 0) result.backend.upload(result.buffer, typed(flat, type));
  return result;
}

function typed(values: readonly number[] | TypedArray, dtype: DType): TypedArray {
  if (ArrayBuffer.isView(values) && dtypeOf(values) === dtype) return values;
  const converted = allocateArray(dtype, values.length);
  converted.set(values);
  return converted;
}

function flatten(values: NestedArray): number[] {
  const flat = ([values] as unknown[]).flat(Number.POSITIVE_INFINITY);
  const stranger = flat.findIndex((value) => typeof value !== 'number');
  if (stranger >= 0)
    throw new ArgumentError({
      operation: 'tensor',
      expected: 'a number, nested arrays of numbers or a typed array',
      actual: flat[stranger] === null ? 'null' : typeof flat[stranger],
    });
  return flat as number[];
}

function nestedShape(values: NestedArray): number[] {
  if (typeof values === 'number') return [];
  const inner = values.map(nestedShape);
  const [first] = inner;
  if (inner.some((shape) => shape.join() !== first?.join()))
    throw new ShapeError({
      operation: 'tensor',
      expected: 'nested arrays of equal length',
      actual: 'ragged nesting',
      remedy: 'Pad the rows, or pass a flat array and a shape.',
    });
  return [values.length, ...(first ?? [])];
}

/** A tensor of unspecified contents, for kernels to write. */
export function empty(shape: Shape, dtype: DType, backend = currentBackend()): Tensor {
  checkShape(shape, 'empty');
  checkDType(dtype, 'empty');
  return new Tensor(new Storage(backend, dtype, sizeOf(shape)), shape);
}

export function full(shape: Shape, value: number, { dtype = 'f32' }: TensorOptions = {}): Tensor {
  checkShape(shape, 'full');
  const result = empty(shape, dtype);
  runKernel(result.backend, 'fill', [result, value]);
  return result;
}

export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 0, options);
}

export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 1, options);
}

/** `[0, 1, …, count − 1]`. */
export function arange(count: number, { dtype = 'f32' }: TensorOptions = {}): Tensor {
  checkShape([count], 'arange');
  const values = allocateArray(dtype, count);
  for (let k = 0; k < count; k++) values[k] = k;
  return tensor(values);
}
