import { bytesPerElement, type Kernels, sizeOf, type TypedArray, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import {
  addressOf,
  coalesce,
  contiguousAt,
  eachOffset,
  elements,
  isContiguousView,
  type WasmBuffer,
} from '../layout.ts';
import { bufferBytes, type LinearMemory } from '../memory/linear-memory.ts';

export function copyKernel(context: Context): Kernels['copy'] {
  const { memory } = context;
  return (x, out) => {
    if (x.dtype === out.dtype && bytesPerElement[x.dtype] === 4) copyInParts(context, x, out);
    else if (isContiguousView(x) && isContiguousView(out)) elements(memory, out).set(elements(memory, x));
    else copyElements(memory, x, out);
  };
}

// Conversions and other sizes of elements, in any layout: one by one.
function copyElements(memory: LinearMemory, x: View, out: View): void {
  const [source, target] = [x, out].map(({ buffer, dtype }) => {
    const { address, length } = buffer as WasmBuffer;
    return memory.view(dtype, address, length);
  }) as [TypedArray, TypedArray];
  const loops = coalesce(x.shape, [out.strides, x.strides]);
  eachOffset(loops, loops.extents.length, ([to, from]) => {
    target[out.offset + (to as number)] = source[x.offset + (from as number)] as number;
  });
}

/** About what it takes to copy an element: a vector at a time, or in short runs. */
const copyNs = { whole: 0.15, strided: 0.5 } as const;

/** Copies elements of four bytes, large views on several threads. */
export function copyInParts({ threads, linked, code }: Context, x: View, out: View): void {
  const axis = x.shape.findIndex((extent) => extent > 1);
  if (axis < 0) {
    copyWords(code.copy, x, out);
    return;
  }
  const extent = x.shape[axis] as number;
  const elementNs = isContiguousView(x) && isContiguousView(out) ? copyNs.whole : copyNs.strided;
  threads.split(threads.partsOf(sizeOf(x.shape) * elementNs, extent), extent, 1, (thread, from, count) => {
    copyWords(thread.functions(linked).copy, slice(x, axis, from, count), slice(out, axis, from, count));
  });
}

function slice(
  { buffer, dtype, shape, strides, offset }: View,
  axis: number,
  from: number,
  count: number,
): View {
  const part = shape.map((extent, k) => (k === axis ? count : extent));
  return { buffer, dtype, shape: part, strides, offset: offset + from * (strides[axis] as number) };
}

type Copy = (...args: number[]) => void;

/** Copies elements of four bytes between any two views of one shape. */
export function copyWords(copy: Copy, x: View, out: View): void {
  const loops = coalesce(x.shape, [out.strides, x.strides]);
  const { extents, strides } = loops;
  if (extents.includes(0)) return;
  const [to, from] = [addressOf(out), addressOf(x)];
  const outer = Math.max(0, extents.length - 4);
  const inner = (list: readonly number[], fill: number, scale: number): number[] => [
    ...new Array<number>(4 - (extents.length - outer)).fill(fill),
    ...list.slice(outer).map((value) => value * scale),
  ];
  const args = [
    ...inner(extents, 1, 1),
    ...inner(strides[0] as readonly number[], 0, 4),
    ...inner(strides[1] as readonly number[], 0, 4),
  ];
  eachOffset(loops, outer, ([toOffset, fromOffset]) => {
    copy(to + (toOffset as number) * 4, from + (fromOffset as number) * 4, ...args);
  });
}

/** The view where it is contiguous, else a contiguous copy in a temporary block, for the time of `use`. */
export function withContiguous(context: Context, view: View, use: (view: View) => void): void {
  if (isContiguousView(view)) use(view);
  else
    context.memory.withBlock(bufferBytes(view.dtype, sizeOf(view.shape)), (address) => {
      const copy = contiguousAt(address, view.dtype, view.shape);
      copyKernel(context)(view, copy);
      use(copy);
    });
}
