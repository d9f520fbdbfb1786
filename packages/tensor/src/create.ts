import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { currentBackend } from './backends.ts';
import {
  allocateArray,
  checkDType,
  type DType,
  dtypeOf,
  requireHeld,
  requireRoom,
  type TypedArray,
} from './dtype.ts';
import { ShapeError } from './errors.ts';
import { recorder } from './recorder.ts';
import { runKernel } from './run-kernel.ts';
import { checkShape, type Shape, shapeText, sizeOf } from './shape.ts';
import { Storage } from './storage.ts';
import { type NestedArray, Tensor } from './tensor.ts';

const rules = {
  /** Default: that of a typed array, else `f32`. */
  dtype: option.any<DType>('a dtype'),
};

/** Options of `tensor`, `zeros`, `ones`, `full` and `arange`. */
export type TensorOptions = OptionsOf<typeof rules>;

const advice = { type: 'did you mean dtype?', shape: 'the shape is an argument of its own' };

function dtypeIn(operation: string, options: TensorOptions | undefined): DType | undefined {
  if (options === undefined) return undefined;
  checkOptions(operation, rules, options, advice);
  return options.dtype;
}

/**
 * A tensor of the given values on the current backend.
 *
 * @param values a number, nested arrays, or a typed array in row-major order
 * @param shape default: that of the nesting; `[n]` for a typed array
 * @throws ShapeError where nesting is ragged or the values do not fill the shape; ArgumentError for what is no number, with
 * its place; where dtype i32 or u8 would change a value. f32 takes the nearest, infinite beyond its range
 */
export function tensor(values: NestedArray | TypedArray, shape?: Shape, options?: TensorOptions): Tensor {
  const dtype = dtypeIn('tensor', options);
  const isFlat = ArrayBuffer.isView(values);
  const type = dtype ?? (isFlat ? dtypeOf(values) : 'f32');
  if (isFlat) dtypeOf(values);
  const nested = isFlat ? undefined : shapeOf(values);
  const target = shape ?? nested ?? [(values as TypedArray).length];
  checkShape(
    target,
    'tensor',
    isOptions(target) ? 'Options come third: tensor(values, shape, options).' : undefined,
  );
  const flat = isFlat ? values : flatten(values, nested as Shape);
  if (sizeOf(target) !== flat.length)
    throw new ShapeError({
      operation: 'tensor',
      expected: `${sizeOf(target)} values for shape ${shapeText(target)}`,
      actual: String(flat.length),
    });
  const result = empty(target, type);
  if (flat.length > 0) upload(result, typed(flat, type, target));
  return result;
}

function upload({ backend, buffer }: Tensor, values: TypedArray): void {
  recorder?.onUpload(buffer, values);
  backend.upload(buffer, values);
}

const isOptions = (value: unknown): boolean => typeof value === 'object' && !Array.isArray(value);

function typed(values: readonly number[] | TypedArray, dtype: DType, shape: Shape): TypedArray {
  if (ArrayBuffer.isView(values) && dtypeOf(values) === dtype) return values;
  requireHeld('tensor', values, dtype, shape);
  const converted = allocateArray(dtype, values.length);
  converted.set(values);
  return converted;
}

/** More levels than any nesting of sense has; an array that contains itself has more. */
const mostLevels = 32;

/** The shape that the first members of each level have. */
function shapeOf(values: unknown): number[] {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0]) {
    if (shape.length === mostLevels)
      throw new ShapeError({
        operation: 'tensor',
        expected: `arrays nested at most ${mostLevels} deep`,
        actual: 'deeper ones',
      });
    shape.push(level.length);
  }
  return shape;
}

function flatten(values: NestedArray, shape: Shape): number[] {
  const flat: number[] = [];
  /** Indices of the value that is looked at: one list for the whole walk. */
  const place: number[] = [];
  const collect = (value: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof value !== 'number') throw strangerAt(place, value);
      flat.push(value);
      return;
    }
    if (!Array.isArray(value) && typeof value !== 'number') throw strangerAt(place, value);
    const extent = shape[depth] as number;
    if (!Array.isArray(value) || value.length !== extent) throw raggedAt(place, extent, value);
    // Not `forEach`: it would pass over holes.
    for (let k = 0; k < extent; k++) {
      place[depth] = k;
      collect(value[k], depth + 1);
    }
    place.length = depth;
  };
  collect(values, 0);
  return flat;
}

function strangerAt(place: readonly number[], value: unknown): Error {
  if (Array.isArray(value)) return raggedAt(place, undefined, value);
  const actual = value === undefined && place.length === 0 ? 'none' : shownValue(value);
  return new ArgumentError({
    operation: 'tensor',
    expected: 'a number, nested arrays of numbers or a typed array',
    actual: place.length === 0 ? actual : `${actual} at ${shapeText(place)}`,
    ...(ArrayBuffer.isView(value) && {
      remedy: 'Make rows plain arrays, or all of them one typed array, with a shape.',
    }),
  });
}

function raggedAt(place: readonly number[], extent: number | undefined, value: unknown): ShapeError {
  const found = Array.isArray(value) ? `an array of ${value.length}` : shownValue(value);
  return new ShapeError({
    operation: 'tensor',
    expected: 'nested arrays of equal length, not ragged ones',
    actual: `${found} in place of ${extent === undefined ? 'a number' : `an array of ${extent}`} at ${shapeText(place)}`,
    remedy: 'Pad the rows, or pass a flat array and a shape.',
  });
}

/**
 * A tensor of unspecified contents, for kernels to write.
 *
 * @param operation names what asks for it, for errors
 * @throws MemoryError for more than an array can hold
 */
export function empty(shape: Shape, dtype: DType, backend = currentBackend(), operation = 'empty'): Tensor {
  checkShape(shape, operation);
  checkDType(dtype, operation);
  const size = sizeOf(shape);
  requireRoom(operation, dtype, size);
  return new Tensor(new Storage(backend, dtype, size), shape);
}

/**
 * A tensor of one value everywhere.
 *
 * @throws ArgumentError where dtype i32 or u8 would change it
 */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  return filled('full', shape, value, options);
}

function filled(operation: string, shape: Shape, value: number, options: TensorOptions | undefined): Tensor {
  const dtype = dtypeIn(operation, options) ?? 'f32';
  if (typeof value !== 'number')
    throw new ArgumentError({ operation, expected: 'a number as value', actual: shownValue(value) });
  requireHeld(operation, [value], dtype);
  const result = empty(shape, dtype, undefined, operation);
  runKernel(result.backend, 'fill', [result, value]);
  return result;
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return filled('zeros', shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return filled('ones', shape, 1, options);
}

/**
 * `[0, 1, …, count − 1]`.
 *
 * @throws ArgumentError where dtype u8 or i32 cannot hold the last of them
 */
export function arange(count: number, options?: TensorOptions): Tensor {
  const dtype = dtypeIn('arange', options) ?? 'f32';
  if (!(Number.isSafeInteger(count) && count >= 0))
    throw new ShapeError({
      operation: 'arange',
      expected: 'a count, a whole number ≥ 0',
      actual: shownValue(count),
    });
  checkDType(dtype, 'arange');
  requireRoom('arange', dtype, count);
  if (count > 0) requireHeld('arange', [count - 1], dtype);
  const values = allocateArray(dtype, count);
  for (let k = 0; k < count; k++) values[k] = k;
  return tensor(values);
}
