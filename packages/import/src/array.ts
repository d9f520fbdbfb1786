import { contiguousStrides } from '@funhash/tensor';

/** What the numbers of an array are. */
export type NumberKind = 'float' | 'int' | 'bool';

/** Numbers of a shape in row-major order: what is known when a network is imported. */
export interface NumberArray {
  readonly kind: NumberKind;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** The number of elements of a shape; NaN beyond 2^53. */
export function countOf(shape: readonly number[]): number {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return Number.isSafeInteger(count) ? count : Number.NaN;
}

/** The elements of an array under another order of axes: axis k of the result is axis `order[k]` of the array. */
export function transposed(array: NumberArray, order: readonly number[]): NumberArray {
  const { shape, data, kind } = array;
  if (order.every((axis, k) => axis === k)) return array;
  const strides = contiguousStrides(shape);
  const newShape = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const result = emptyLike(data, data.length);
  let at = 0;
  visitPlaces(newShape, steps, (from) => {
    result[at++] = data[from] as number;
  });
  return { kind, shape: newShape, data: result };
}

export function emptyLike(data: NumberArray['data'], length: number): NumberArray['data'] {
  return data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

/** Calls `visit` with the offset of each element of a shape, in row-major order. */
export function visitPlaces(
  shape: readonly number[],
  steps: readonly number[],
  visit: (offset: number) => void,
): void {
  const rank = shape.length;
  if (shape.includes(0)) return;
  const place = new Array<number>(rank).fill(0);
  let offset = 0;
  for (;;) {
    visit(offset);
    let axis = rank - 1;
    for (; axis >= 0; axis--) {
      offset += steps[axis] as number;
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < (shape[axis] as number)) break;
      offset -= (steps[axis] as number) * (shape[axis] as number);
      place[axis] = 0;
    }
    if (axis < 0) return;
  }
}
