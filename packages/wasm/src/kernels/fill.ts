import type { Kernels } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { coalesce, eachOffset, elements, isContiguousView, type WasmBuffer } from '../layout.ts';

export function fillKernel({ memory }: Context): Kernels['fill'] {
  return (out, value) => {
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
