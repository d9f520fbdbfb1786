import { ArgumentError } from '@funhash/hashing';
import { bytesPerElement, isContiguous, type Kernels, sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { addressOf, elements } from '../layout.ts';
import { withContiguous } from './copy.ts';
import { rowsOf } from './reduce.ts';

/** Kernels that go row by row: selection by index, and functions of the last axis. */

export function gatherKernel(context: Context): Kernels['gather'] {
  const { code } = context;
  return (x, index, out) => {
    const rowsContiguous = isContiguous(x.shape.slice(1), x.strides.slice(1));
    const bytes = bytesPerElement[x.dtype];
    withContiguous(context, index, (ids) => {
      requireIndices(context, 'gather', 'indices', ids, x.shape[0] as number);
      const rowBytes = sizeOf(x.shape.slice(1)) * bytes;
      const run = (source: View): void => {
        const stride = (source.strides[0] as number) * bytes;
        code.gatherRows(
          addressOf(out),
          addressOf(source),
          stride,
          addressOf(ids),
          sizeOf(ids.shape),
          rowBytes,
        );
      };
      if (rowsContiguous) run(x);
      else withContiguous(context, x, run);
    });
  };
}

export function scatterAddKernel(context: Context): Kernels['scatterAdd'] {
  const { code, onReference } = context;
  return (x, index, out) => {
    if (x.dtype !== 'f32') return onReference('scatterAdd', [x, index, out]);
    withContiguous(context, index, (ids) => {
      requireIndices(context, 'scatterAdd', 'indices', ids, out.shape[0] as number);
      withContiguous(context, x, (source) => {
        const width = sizeOf(out.shape.slice(1));
        code.addRows(addressOf(out), addressOf(source), addressOf(ids), sizeOf(ids.shape), width);
      });
    });
  };
}

/** Refuses indices out of range, before anything is read or added by them. */
export function requireIndices(
  { memory }: Context,
  operation: string,
  what: string,
  indices: View,
  limit: number,
): void {
  if (memory.trace) {
    memory.trace.check(addressOf(indices), sizeOf(indices.shape), limit);
    return;
  }
  for (const index of elements(memory, indices))
    if (index < 0 || index >= limit)
      throw new ArgumentError({
        operation,
        expected: `${what} from 0 to ${limit - 1}`,
        actual: String(index),
      });
}

export function logSumExpKernel(context: Context): Kernels['logSumExp'] {
  const { code, onReference } = context;
  return (x, out) => {
    if (x.dtype !== 'f32') return onReference('logSumExp', [x, out]);
    const [rows, width] = rowsOf(x);
    withContiguous(context, x, (source) => {
      code.logSumExp(addressOf(source), addressOf(out), rows, width);
    });
  };
}

/** Plain TypeScript: one comparison an element, and results of a few bytes. */
export function argMaxKernel(context: Context): Kernels['argMax'] {
  const { memory } = context;
  return (x, out) => {
    const [rows, width] = rowsOf(x);
    withContiguous(context, x, (source) => {
      const values = elements(memory, source);
      const result = elements(memory, out);
      for (let row = 0; row < rows; row++) {
        const start = row * width;
        let best = start;
        for (let at = start + 1; at < start + width; at++) {
          const [value, known] = [values[at] as number, values[best] as number];
          // NaN wins over any number, and the first NaN over later ones.
          if (value > known || (Number.isNaN(value) && !Number.isNaN(known))) best = at;
        }
        result[row] = best - start;
      }
    });
  };
}
