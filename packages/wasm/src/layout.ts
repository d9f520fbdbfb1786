import { type DeviceBuffer, type DType, isContiguous, sizeOf, type View } from '@funhash/tensor';
import { bufferBytes, type LinearMemory } from './memory/linear-memory.ts';

/** A buffer of this backend: a block of linear memory. */
export interface WasmBuffer extends DeviceBuffer {
  readonly address: number;
}

/** The byte address of a view's first element. */
export function addressOf({ buffer, dtype, offset }: View): number {
  return (buffer as WasmBuffer).address + bufferBytes(dtype, offset);
}

/** Loops over several operands: extents, and for each operand its stride (in elements) along each of them. */
export interface Loops {
  readonly extents: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** The loops over `shape` with fewest axes: axes of extent 1 are left out, axes that all operands step alike joined. */
export function coalesce(shape: readonly number[], operands: readonly (readonly number[])[]): Loops {
  const extents: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis] as number;
    if (extent === 1) continue;
    const last = extents.length - 1;
    const joins =
      last >= 0 &&
      operands.every((own, k) => (strides[k] as number[])[last] === (own[axis] as number) * extent);
    if (joins) extents[last] = (extents[last] as number) * extent;
    else extents.push(extent);
    operands.forEach((own, k) => {
      (strides[k] as number[])[joins ? last : last + 1] = own[axis] as number;
    });
  }
  return { extents, strides };
}

/** Calls `visit` with each operand's element offset, for every index of the given axes in row-major order. */
export function eachOffset(
  { extents, strides }: Loops,
  axes: number,
  visit: (offsets: readonly number[]) => void,
): void {
  const counter = new Array<number>(axes).fill(0);
  const offsets = strides.map(() => 0);
  const total = sizeOf(extents.slice(0, axes));
  for (let n = 0; n < total; n++) {
    visit(offsets);
    for (let axis = axes - 1; axis >= 0; axis--) {
      const extent = extents[axis] as number;
      const next = (counter[axis] as number) + 1;
      const step = next < extent ? 1 : 1 - extent;
      strides.forEach((own, k) => {
        offsets[k] = (offsets[k] as number) + step * (own[axis] as number);
      });
      counter[axis] = next < extent ? next : 0;
      if (next < extent) break;
    }
  }
}

export function isContiguousView(view: View): boolean {
  return isContiguous(view.shape, view.strides);
}

/** A view of the same elements at an address of its own: how temporary blocks are passed to kernels. */
export function contiguousAt(address: number, dtype: DType, shape: readonly number[]): View {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  const buffer: WasmBuffer = { dtype, length: stride, address };
  return { buffer, dtype, shape, strides, offset: 0 };
}

/** The elements of a contiguous view, valid until the next allocation. */
export function elements(memory: LinearMemory, view: View) {
  return memory.view(view.dtype, addressOf(view), sizeOf(view.shape));
}
