import { allocateArray, referenceBackend, type TypedArray, type View } from '@funhash/tensor';
import { type Memory, viewOf } from '../memory.ts';

/**
 * Runs a kernel where its operands are: on the host, before they have been on the device. Gives the contents of the
 * buffer of out, all of which out is.
 */
export function onHost(
  memory: Memory,
  kernel: 'copy' | 'gather',
  inputs: readonly View[],
  out: View,
): TypedArray {
  const view = (of: View, data: TypedArray): View => {
    const { dtype, length } = of.buffer;
    return { ...viewOf(of), buffer: { dtype, length, data } as View['buffer'] };
  };
  const result = allocateArray(out.dtype, out.buffer.length);
  const run = referenceBackend.kernels[kernel] as (...views: View[]) => void;
  run(...inputs.map((input) => view(input, memory.hostOf(input.buffer))), view(out, result));
  return result;
}
