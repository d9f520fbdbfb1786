import type { DeviceBuffer, View } from '../backend.ts';
import { allocateArray, type TypedArray } from '../dtype.ts';
import { isContiguous, sizeOf } from '../shape.ts';

/** Buffers of the reference backend: plain arrays. */
export interface HostBuffer extends DeviceBuffer {
  readonly data: TypedArray;
}

export function dataOf(view: View): TypedArray {
  return (view.buffer as HostBuffer).data;
}

/** The place of the elements of a view, in whatever buffer. */
export type Layout = Pick<View, 'shape' | 'strides' | 'offset'>;

/** The layout of a view without its last axes. */
export function leadingLayout({ shape, strides, offset }: Layout, dropped: number): Layout {
  return { shape: shape.slice(0, -dropped), strides: strides.slice(0, -dropped), offset };
}

/** Calls `visit` with the buffer position of every element, in row-major order of the view. */
export function eachPosition(
  { shape, strides, offset }: Layout,
  visit: (position: number, index: number) => void,
): void {
  const rank = shape.length;
  const size = sizeOf(shape);
  const counter = new Array<number>(rank).fill(0);
  let position = offset;
  for (let index = 0; index < size; index++) {
    visit(position, index);
    for (let axis = rank - 1; axis >= 0; axis--) {
      position += strides[axis] as number;
      counter[axis] = (counter[axis] as number) + 1;
      if ((counter[axis] as number) < (shape[axis] as number)) break;
      position -= (strides[axis] as number) * (shape[axis] as number);
      counter[axis] = 0;
    }
  }
}

/** The buffer positions of all elements, in row-major order of the view. */
export function positionsOf(layout: Layout): Int32Array {
  const positions = new Int32Array(sizeOf(layout.shape));
  eachPosition(layout, (position, index) => {
    positions[index] = position;
  });
  return positions;
}

/** A view as a matrix: its first `rowAxes` axes in row-major order are the rows, the others the columns. */
export function matrixPositions(
  { shape, strides, offset }: Layout,
  rowAxes: number,
): { rows: Int32Array; cols: Int32Array } {
  return {
    rows: positionsOf({ shape: shape.slice(0, rowAxes), strides: strides.slice(0, rowAxes), offset }),
    cols: positionsOf({ shape: shape.slice(rowAxes), strides: strides.slice(rowAxes), offset: 0 }),
  };
}

/** The elements of a view in row-major order: a window on its buffer where that is possible, else a copy. */
export function contiguousData(view: View): TypedArray {
  const data = dataOf(view);
  const size = sizeOf(view.shape);
  if (isContiguous(view.shape, view.strides)) return data.subarray(view.offset, view.offset + size);
  const out = allocateArray(view.dtype, size);
  readRows(view, out);
  return out;
}

// The last axis is read by a plain loop or fill; only the outer axes pay for counting.
function readRows(view: View, out: TypedArray): void {
  const data = dataOf(view);
  const inner = view.shape.at(-1) ?? 1;
  const step = view.strides.at(-1) ?? 0;
  eachPosition(leadingLayout(view, 1), (from, row) => {
    const to = row * inner;
    if (step === 1) out.set(data.subarray(from, from + inner), to);
    else if (step === 0) out.fill(data[from] as number, to, to + inner);
    else for (let k = 0; k < inner; k++) out[to + k] = data[from + k * step] as number;
  });
}
