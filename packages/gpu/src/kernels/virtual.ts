import { programText } from '@funhash/codegen';
import { type Kernels, sizeOf, type View, type VirtualView } from '@funhash/tensor';
import { quotient } from '../addressing.ts';
import { type GpuContext, languageOf } from '../context.ts';
import type { Device, DeviceArray } from '../device.ts';
import { GpuBuffer } from '../memory.ts';
import { nativeCode, programId, programOperands } from '../program-operands.ts';
import { foldInto } from './fold.ts';
import { matrixProduct, multiply } from './matmul.ts';
import { requireIndices } from './rows.ts';
import { type Strip, stripsOf } from './strips.ts';

/**
 * Kernels that decode: V is expanded on the device, never on the host. Products take it from there, so that a step
 * decodes it once however often it is used, as long as the stored values are the same. A large V is decoded at each
 * use, strip by strip, and its gradient is formed and folded in strips, too: of neither there is ever more than a
 * strip.
 */

export function virtualRowsKernel(context: GpuContext): Kernels['virtualRows'] {
  return (v, ids, out) => {
    if (ids) requireIndices(context.memory, 'virtualRows', ids, v.rows);
    if (sizeOf(out.shape) === 0) return;
    context.memory.store(out, decode(context, v, { first: 0, count: out.shape[0] as number }, ids));
  };
}

export function virtualMatmulKernel(context: GpuContext): Kernels['virtualMatmul'] {
  return (x, v, out, epilogue) => {
    const { rows, cols } = v;
    if (sizeOf(out.shape) === 0) return;
    const strips = stripsOf(rows, cols, context.stripEntries);
    const products = strips.map((strip) => {
      const { first, count } = strip;
      // Without columns there is nothing to decode, and the product is empty.
      const array = cols === 0 ? undefined : decoded(context, v, strip);
      return using(context, array, [cols, count], [1, cols], (transposed) => ({
        array: matrixProduct(context, x, transposed, out.shape.length, {
          ...epilogue,
          ...(epilogue?.bias && { bias: part(epilogue.bias, 0, first, count) }),
        }),
        width: count,
      }));
    });
    context.memory.store(out, sideBySide(context.device, sizeOf(out.shape) / rows, products));
  };
}

export function virtualFoldKernel(context: GpuContext): Kernels['virtualFold'] {
  return (dY, x, v, adjoint, outs) => {
    const rowAxes = dY.shape.length - 1;
    const columns = x.shape.slice(rowAxes);
    if (v.rows * v.cols === 0 || sizeOf(x.shape) === 0) return;
    const zeros = columns.map(() => 0);
    const all = { count: v.rows, ids: null };
    foldInto(context, all, v, adjoint, outs, ({ first, count }, use) => {
      const array = multiply(context, part(dY, rowAxes, first, count), x, {
        result: {
          shape: [count, ...columns],
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
      using(context, array, [count, v.cols], [v.cols, 1], use);
    });
  };
}

export function foldRowsKernel(context: GpuContext): Kernels['foldRows'] {
  return (dOut, ids, v, adjoint, outs) => {
    if (ids) requireIndices(context.memory, 'foldRows', ids, v.rows);
    if (sizeOf(dOut.shape) === 0) return;
    const rows = { count: dOut.shape[0] as number, ids };
    foldInto(context, rows, v, adjoint, outs, ({ first, count }, use) => use(part(dOut, 0, first, count)));
  };
}

/** The elements from `first` on along an axis. */
function part(
  { buffer, dtype, shape, strides, offset }: View,
  axis: number,
  first: number,
  count: number,
): View {
  return {
    buffer,
    dtype,
    shape: shape.with(axis, count),
    strides,
    offset: offset + first * (strides[axis] as number),
  };
}

/** Gives a view on an array to `use`, and frees the array. */
function using<T>(
  { memory }: GpuContext,
  array: DeviceArray | undefined,
  shape: readonly number[],
  strides: readonly number[],
  use: (view: View) => T,
): T {
  const buffer = new GpuBuffer('f32', sizeOf(shape));
  if (array) buffer.region = { array, at: 0 };
  const result = use({ buffer, dtype: 'f32', shape, strides, offset: 0 });
  memory.forget(buffer);
  return result;
}

interface Block {
  readonly array: DeviceArray;
  readonly width: number;
}

// A kernel reads 8 textures on every device; gpu.js binds the result of a kernel behind them.
const mostBlocks = 7;

/** Blocks [rows, width] beside each other, all columns of all of them in a row; takes over their arrays. */
function sideBySide(device: Device, rows: number, blocks: readonly Block[]): DeviceArray {
  const [first] = blocks as [Block];
  if (blocks.length === 1) return first.array;
  const joined: Block[] = [];
  for (let k = 0; k < blocks.length; k += mostBlocks)
    joined.push(joinedBlock(device, rows, blocks.slice(k, k + mostBlocks)));
  return sideBySide(device, rows, joined);
}

function joinedBlock(device: Device, rows: number, blocks: readonly Block[]): Block {
  const width = blocks.reduce((sum, block) => sum + block.width, 0);
  const arrays = blocks.map(({ array }) => array);
  const array = device.run(`sideBySide:${rows}:${blocks.map((block) => block.width)}`, arrays, () => {
    let begin = 0;
    const choices = blocks.map((block, k) => {
      const from = begin;
      begin += block.width;
      return `if (col >= ${from} && col < ${begin}) { result = a${k}[row * ${block.width} + col - ${from}]; }`;
    });
    return {
      length: rows * width,
      functions: [quotient],
      source: `function (${blocks.map((_, k) => `a${k}`).join(', ')}) {
        const row = quotient(this.thread.x, ${width});
        const col = this.thread.x - row * ${width};
        let result = 0.0;
        ${choices.join('\n')}
        return result;
      }`,
    };
  });
  for (const each of arrays) each.release();
  return { array, width };
}

/** A strip of V [count, cols]; one that is all of V is kept beside the stored values. The caller owns it, too. */
function decoded(context: GpuContext, v: VirtualView, strip: Strip): DeviceArray {
  const { rows, cols, uniforms, scalars } = v;
  if (v.stored.length === 0 || strip.count < rows) return decode(context, v, strip, null);
  const places = v.stored.map(({ buffer, offset }) => ({
    ...context.memory.regionOf(buffer),
    offset,
  }));
  const [first, ...others] = places.map(({ array }) => array) as [DeviceArray, ...DeviceArray[]];
  const at = places.map(({ at, offset }) => at + offset);
  const key = [programId(v.program), rows, cols, uniforms, scalars, at].join(':');
  const known = first.derived(key, others);
  if (known) return known.retain();
  const array = decode(context, v, strip, null);
  first.keep(key, others, array.retain());
  return array;
}

/** A strip of V, or of the rows that the ids name. */
function decode(context: GpuContext, v: VirtualView, { first, count }: Strip, ids: View | null): DeviceArray {
  const { device, memory } = context;
  const { program, cols } = v;
  const operands = programOperands(program, v, memory);
  const key = `decode:${programId(program)}:${count}x${cols}:${ids?.strides[0]}`;
  const args = [...(ids ? memory.argumentsOf(ids) : [first]), ...operands.args];
  return device.run(key, args, () => {
    const names = [...(ids ? ['ids', 'firstId'] : ['firstRow']), ...operands.names];
    const text = programText(program, languageOf(device.mode));
    const row = ids ? `ids[firstId + n * ${ids.strides[0]}]` : 'firstRow + n';
    return {
      length: count * cols,
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
