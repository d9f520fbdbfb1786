import { ArgumentError, bytesOf, shownValue } from '@funhash/hashing';
import { allocateArray, type DType, dtypeOf, sizeOf, type TypedArray } from '@funhash/tensor';

/** Typed arrays that hold numbers. Bytes are pixels and become value / 255; an Int32Array stays integer. */
export type NumberArray = TypedArray | Uint8ClampedArray | Int8Array | Int16Array | Uint16Array | Uint32Array;

/** Numbers in lists at any depth; the innermost may be typed arrays. */
export type NestedNumbers = number | NumberArray | readonly NestedNumbers[];

/** Numbers of examples one after the other, or nested by example; innermost lists may be typed arrays. */
export type Numbers = NumberArray | readonly NestedNumbers[];

export interface PackedNumbers {
  /** `[n]` of what is flat. */
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** The deepest nesting: one that contains itself has none. */
const mostAxes = 16;

/**
 * Numbers in one typed array, in the order in which they are written.
 *
 * @param operation names the caller in errors
 * @param place name of the numbers in errors, such as `data.inputs`
 * @throws ArgumentError with the place of a cell that is no number, or of a row of another length than the first
 */
export function packNumbers(operation: string, place: string, values: unknown): PackedNumbers {
  const refuse = (expected: string, actual: unknown, remedy?: string): never => {
    const shown = typeof actual === 'string' ? JSON.stringify(actual) : shownValue(actual);
    throw new ArgumentError({ operation, expected, actual: shown, ...(remedy && { remedy }) });
  };
  if (ArrayBuffer.isView(values)) {
    const data = typed(values) ?? refuse(`${place}: a typed array of numbers`, values);
    return { shape: [data.length], data };
  }
  if (!Array.isArray(values))
    return refuse(
      `${place}: a typed array, or nested lists of numbers`,
      values,
      isTensorLike(values)
        ? 'Give the values of a tensor, await x.data(), beside their inputShape.'
        : undefined,
    );

  const shape: number[] = [];
  let [first, dtype]: [unknown, DType] = [values, 'f64'];
  for (; Array.isArray(first) && shape.length <= mostAxes; first = first[0]) shape.push(first.length);
  if (shape.length > mostAxes) refuse(`${place}: at most ${mostAxes} lists within each other`, shape.length);
  if (ArrayBuffer.isView(first)) {
    const row = typed(first) ?? refuse(`numbers at ${place}${'[0]'.repeat(shape.length)}`, first);
    shape.push(row.length);
    dtype = dtypeOf(row);
  }
  const depth = shape.length;
  const isTyped = ArrayBuffer.isView(first);

  // Lengths of all rows first: nothing is allocated for a shape that only the first of them has.
  const rowsAt = (
    list: unknown,
    axis: number,
    at: string,
    visit: (row: ArrayLike<unknown>, at: string) => void,
  ): void => {
    const row = isTyped && axis === depth - 1 ? typed(list) : Array.isArray(list) ? list : undefined;
    const wanted = shape[axis] as number;
    if (row === undefined || (isTyped && axis === depth - 1 && dtypeOf(row as TypedArray) !== dtype))
      refuse(`${at}: ${wanted} numbers of the kind of the first row`, list);
    else if (row.length !== wanted)
      refuse(`${wanted} ${axis === depth - 1 ? 'numbers' : 'members'} in ${at}, as in the first`, row.length);
    else if (axis === depth - 1) visit(row, at);
    else for (let k = 0; k < wanted; k++) rowsAt(row[k], axis + 1, `${at}[${k}]`, visit);
  };
  rowsAt(values, 0, place, () => {});
  const data = allocateArray(dtype, sizeOf(shape));
  let next = 0;
  rowsAt(values, 0, place, (row, at) => {
    for (let k = 0; k < row.length; k++) {
      const value = row[k];
      if (typeof value !== 'number') refuse(`a number at ${at}[${k}]`, value);
      data[next++] = value as number;
    }
  });
  return { shape, data };
}

const isTensorLike = (value: unknown): boolean =>
  typeof (value as { dataSync?: unknown } | null | undefined)?.dataSync === 'function';

/** A view as one of the four kinds that tensors have; undefined for one that holds no numbers. */
function typed(view: unknown): TypedArray | undefined {
  if (view instanceof Float32Array || view instanceof Float64Array) return view;
  if (view instanceof Int32Array) return view;
  // Pixels of a canvas are bytes as others are.
  const bytes = bytesOf(view);
  if (bytes) return bytes;
  if (view instanceof Uint32Array) return Float64Array.from(view);
  const kind = Object.prototype.toString.call(view).slice(8, -1);
  if (['Int8Array', 'Int16Array', 'Uint16Array', 'Float16Array'].includes(kind))
    return Float32Array.from(view as Int16Array);
  return undefined;
}
