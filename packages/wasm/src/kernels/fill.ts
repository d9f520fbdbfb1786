import { bytesPerElement, type Kernels, sizeOf, type View } from '@funhash/tensor';
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
import { copyInParts } from './copy.ts';

export function fillKernel(context: Context): Kernels['fill'] {
  const { memory } = context;
  return (out, value) => {
    if (memory.trace && bytesPerElement[out.dtype] === 4) return void fillByCalls(context, out, value);
    if (isContiguousView(out)) return void elements(memory, out).fill(value);
    const { address, length } = out.buffer as WasmBuffer;
    const data = memory.view(out.dtype, address, length);
    const loops = coalesce(out.shape, [out.strides]);
    const last = loops.extents.length - 1;
    const width = loops.extents[last] as number;
    const step = loops.strides[0]?.[last] as number;
    eachOffset(loops, last, ([offset]) => {
      const from = out.offset + (offset as number);
      if (step === 1) data.fill(value, from, from + width);
      else for (let k = 0; k < width; k++) data[from + k * step] = value;
    });
  };
}

/** Fills with the value of one word that stays in memory. */
function fillByCalls(context: Context, out: View, value: number): void {
  const { memory, code } = context;
  if (Object.is(value, 0) && isContiguousView(out))
    return void code.clear(addressOf(out), sizeOf(out.shape) * 4);
  const address = memory.trace?.lasting(4) as number;
  (out.dtype === 'f32' ? memory.f32 : memory.i32)[address / 4] = value;
  const { shape } = out;
  const word = { ...contiguousAt(address, out.dtype, shape), strides: shape.map(() => 0) };
  copyInParts(context, word, out);
}
