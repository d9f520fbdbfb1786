import { type Epilogue, type Kernels, sizeOf, type View, type VirtualMatrix } from '@funhash/tensor';
import { quotient } from '../addressing.ts';
import { type GpuContext, languageOf } from '../context.ts';
import type { DeviceArray } from '../device.ts';
import { GpuBuffer } from '../memory.ts';
import { programId, programOperands } from '../program/program-operands.ts';
import { nativeCode, programText } from '../program/program-text.ts';
import { foldInto } from './fold.ts';
import { matmulKernel, multiply } from './matmul.ts';
import { requireIndices } from './rows.ts';

/**
 * Kernels that decode: V is expanded on the device, never on the host. Products take it from there, so that a step
 * decodes it once however often it is used, as long as the stored values are the same.
 */

/** Entries of the largest V that is kept between its uses. */
const mostKept = 2 ** 22;

export function virtualRowsKernel(context: GpuContext): Kernels['virtualRows'] {
  return (v, ids, out) => {
    if (ids) requireIndices(context.memory, 'virtualRows', ids, v.rows);
    if (sizeOf(out.shape) > 0) context.memory.store(out, decode(context, v, ids));
  };
}

export function virtualMatmulKernel(context: GpuContext): Kernels['virtualMatmul'] {
  const matmul = matmulKernel(context);
  return (x, v, out, epilogue?: Epilogue) => {
    const { rows, cols } = v;
    if (sizeOf(out.shape) === 0) return;
    // Without columns there is nothing to decode, and the product is empty.
    const array = cols === 0 ? undefined : decoded(context, v);
    const transposed = temporary(array, [cols, rows], [1, cols]);
    matmul(x, transposed, out, epilogue);
    context.memory.forget(transposed.buffer as GpuBuffer);
  };
}

export function virtualFoldKernel(context: GpuContext): Kernels['virtualFold'] {
  return (dY, x, v, adjoint, outs) => {
    const rowAxes = dY.shape.length - 1;
    const columns = x.shape.slice(rowAxes);
    if (v.rows * v.cols === 0 || sizeOf(x.shape) === 0) return;
    const zeros = columns.map(() => 0);
    const array = multiply(context, dY, x, {
      result: {
        shape: [v.rows, ...columns],
        strides: [
          [dY.strides[rowAxes] as number, ...zeros],
          [0, ...x.strides.slice(rowAxes)],
          [0, ...zeros],
        ],
      },
      depth: {
        shape: x.shape.slice(0, rowAxes),
        strides: [dY.strides.slice(0, rowAxes), x.strides.slice(0, rowAxes)],
      },
    });
    const dV = temporary(array, [v.rows, v.cols], [v.cols, 1]);
    foldInto(context, dV, null, v, adjoint, outs);
    context.memory.forget(dV.buffer as GpuBuffer);
  };
}

export function foldRowsKernel(context: GpuContext): Kernels['foldRows'] {
  return (dOut, ids, v, adjoint, outs) => {
    if (ids) requireIndices(context.memory, 'foldRows', ids, v.rows);
    if (sizeOf(dOut.shape) > 0) foldInto(context, dOut, ids, v, adjoint, outs);
  };
}

/** A view on a buffer of its own, which takes over the array. */
function temporary(
  array: DeviceArray | undefined,
  shape: readonly number[],
  strides: readonly number[],
): View {
  const buffer = new GpuBuffer('f32', sizeOf(shape));
  if (array) buffer.region = { array, at: 0 };
  return { buffer, dtype: 'f32', shape, strides, offset: 0 };
}

/** All of V [rows, cols], kept beside the stored values that it is made of; the caller owns it, too. */
function decoded(context: GpuContext, v: VirtualMatrix): DeviceArray {
  const { rows, cols, uniforms, scalars } = v;
  if (v.stored.length === 0 || rows * cols > mostKept) return decode(context, v, null);
  const places = v.stored.map(({ buffer, offset }) => ({
    ...context.memory.regionOf(buffer),
    offset,
  }));
  const [first, ...others] = places.map(({ array }) => array) as [DeviceArray, ...DeviceArray[]];
  const at = places.map(({ at, offset }) => at + offset);
  const key = [programId(v.program), rows, cols, uniforms, scalars, at].join(':');
  const known = first.derived(key, others);
  if (known) return known.retain();
  const array = decode(context, v, null);
  first.keep(key, others, array.retain());
  return array;
}

function decode(context: GpuContext, v: VirtualMatrix, ids: View | null): DeviceArray {
  const { device, memory } = context;
  const { program, cols } = v;
  const rows = ids ? (ids.shape[0] as number) : v.rows;
  const operands = programOperands(program, v, memory);
  const key = `decode:${programId(program)}:${rows}x${cols}:${ids?.strides[0]}`;
  const args = [...(ids ? memory.argumentsOf(ids) : []), ...operands.args];
  return device.run(key, args, () => {
    const names = [...(ids ? ['ids', 'firstId'] : []), ...operands.names];
    const text = programText(program, languageOf(device.mode));
    const row = ids ? `ids[firstId + n * ${ids.strides[0]}]` : 'n';
    return {
      length: rows * cols,
      functions: [quotient],
      native: nativeCode(text, languageOf(device.mode)),
      source: `function (${names.join(', ')}) {
        const n = quotient(this.thread.x, ${cols});
        const col = this.thread.x - n * ${cols};
        const row = ${row};
        ${text.evaluate({ ...operands.reads, row: 'row', col: 'col' }).join('\n')}
        return ${text.results[0]};
      }`,
    };
  });
}
