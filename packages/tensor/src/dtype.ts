import { ArgumentError, shownValue } from '@funhash/hashing';
import { DTypeError, MemoryError } from './errors.ts';
import type { Shape } from './shape.ts';

/** `f32` and `f64` carry gradients; `i32` and `u8` are for data and indices. */
export type DType = 'f32' | 'f64' | 'i32' | 'u8';
export type FloatDType = 'f32' | 'f64';

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;

const dtypes = Object.keys(arrays) as readonly DType[];

export const bytesPerElement: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, u8: 1 };

/** The most bytes of one array: what the 32-bit addresses of WebAssembly reach. */
const mostBytes = 2 ** 32;

/**
 * Refuses what no memory could hold, before anything is made of it.
 *
 * @param remedy default: smaller pieces
 * @throws MemoryError that says how many bytes were asked for
 */
export function requireRoom(operation: string, dtype: DType, length: number, remedy?: string): void {
  const bytes = length * bytesPerElement[dtype];
  if (!(bytes <= mostBytes)) throw tooLarge(operation, dtype, length, `at most ${mostBytes} bytes`, remedy);
}

function tooLarge(
  operation: string,
  dtype: DType,
  length: number,
  expected: string,
  remedy = 'Work in smaller pieces.',
): MemoryError {
  return new MemoryError({
    operation,
    expected: `${expected} in one array`,
    actual: `${length} elements of ${dtype}, ${length * bytesPerElement[dtype]} bytes`,
    remedy,
  });
}

/** Zeros. @throws MemoryError where they do not fit */
export function allocateArray(dtype: DType, length: number): TypedArray {
  checkDType(dtype, 'allocateArray');
  requireRoom('allocateArray', dtype, length);
  try {
    return new arrays[dtype](length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw tooLarge('allocateArray', dtype, length, 'no more than the engine has');
  }
}

/**
 * The dtype whose values a typed array holds.
 *
 * @throws DTypeError for an array of another kind, such as Int16Array
 */
export function dtypeOf(values: TypedArray): DType {
  for (const dtype of dtypes) if (values instanceof arrays[dtype]) return dtype;
  throw new DTypeError({
    operation: 'tensor',
    expected: `values in one of ${Object.values(arrays)
      .map(({ name }) => name)
      .join(', ')}`,
    actual: Object.prototype.toString.call(values).slice(8, -1),
    remedy: 'Convert it: Float32Array.from(values).',
  });
}

export function checkDType(dtype: DType, operation: string): void {
  if (!dtypes.includes(dtype))
    throw new DTypeError({
      operation,
      expected: `a dtype among ${dtypes.join(', ')}`,
      actual: shownValue(dtype),
    });
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'f32' || dtype === 'f64';
}

/** The whole numbers that a dtype holds; the others hold any number, f32 the nearest, beyond its range an infinite one. */
const wholeNumbers: Partial<Record<DType, readonly [least: number, most: number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u8: [0, 255],
};

/**
 * Refuses values that a conversion to a dtype of whole numbers would change.
 *
 * @param shape of the values, to name the element
 * @throws ArgumentError naming the first such element
 */
export function requireHeld(operation: string, values: ArrayLike<number>, dtype: DType, shape?: Shape): void {
  const range = wholeNumbers[dtype];
  if (!range) return;
  const [least, most] = range;
  for (let k = 0; k < values.length; k++) {
    const value = values[k] as number;
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new ArgumentError({
      operation,
      expected: `whole numbers from ${least} to ${most} for dtype ${dtype}`,
      actual: shape ? `${value} at element [${placeOf(k, shape).join(', ')}]` : String(value),
      remedy: 'Round and clip the values first, or use a dtype that holds them.',
    });
  }
}

function placeOf(at: number, shape: Shape): number[] {
  let rest = at;
  return shape
    .toReversed()
    .map((extent) => {
      const place = rest % extent;
      rest = (rest - place) / extent;
      return place;
    })
    .toReversed();
}
