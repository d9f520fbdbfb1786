import { ArgumentError } from '@funhash/hashing';
import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { type Axes, axesKey, positionLines, quotient } from '../addressing.ts';
import type { GpuContext } from '../context.ts';
import type { DeviceArray } from '../device.ts';
import { covers, type GpuBuffer, type Memory } from '../memory.ts';
import { onHost } from './on-host.ts';

/**
 * Throws for an index out of range where the host knows the indices: it does unless a kernel computed them. Of those
 * that it does not know, the ones out of range read NaN, and add nothing.
 */
export function requireIndices(memory: Memory, operation: string, index: View, limit: number): void {
  const indices = knownIndices(memory, index);
  const bad = indices?.find((value) => value < 0 || value >= limit);
  if (bad !== undefined)
    throw new ArgumentError({ operation, expected: `indices from 0 to ${limit - 1}`, actual: String(bad) });
}

/** The elements of an index of one axis, where the host knows them. */
function knownIndices(memory: Memory, index: View): Int32Array | undefined {
  const { host, constant } = index.buffer as GpuBuffer;
  return host || constant !== undefined ? indicesOf(memory, index) : undefined;
}

/** The elements of an index of one axis, read back where only the device has them. */
export function indicesOf(memory: Memory, { buffer, shape, strides, offset }: View): Int32Array {
  const values = memory.hostOf(buffer);
  return Int32Array.from(
    { length: shape[0] as number },
    (_, n) => values[offset + n * (strides[0] as number)] as number,
  );
}

export function gatherKernel({ device, memory }: GpuContext): Kernels['gather'] {
  return (x, index, out) => {
    const length = sizeOf(out.shape);
    const rows = x.shape[0] as number;
    requireIndices(memory, 'gather', index, rows);
    if (length === 0) return;
    if (isFew(memory, x) && memory.isOnHost(index.buffer) && covers(out))
      return memory.upload(out.buffer as GpuBuffer, onHost(memory, 'gather', [x, index], out));
    const inner = sizeOf(x.shape.slice(1));
    const axes: Axes = { shape: x.shape.slice(1), strides: [x.strides.slice(1)] };
    const [source, from] = memory.argumentsOf(x);
    const [indices, first] = memory.argumentsOf(index);
    const key = `gather:${length}:${rows}:${x.strides[0]}:${index.strides[0]}:${axesKey(axes)}`;
    const gathered = device.run(key, [source, indices, from, first], () => ({
      length,
      functions: [quotient],
      source: `function (source, indices, from, first) {
        const n = quotient(this.thread.x, ${inner});
        const index = this.thread.x - n * ${inner};
        ${positionLines(axes, ['position'], 'index')}
        const row = indices[first + n * ${index.strides[0]}];
        let result = 0.0;
        if (row >= 0 && row < ${rows}) { result = source[from + row * ${x.strides[0]} + position]; }
        else { result = (row - row) / (row - row); }
        return result;
      }`,
    }));
    memory.store(out, gathered);
  };
}

// Reading a table of class numbers, say: less work than a launch.
const isFew = (memory: Memory, { buffer }: View): boolean => buffer.length <= 4096 && memory.isOnHost(buffer);

// Rows searched for a result in one pass; above it, the host sorts the indices that it knows.
const fewRows = 256;

/** Adds rows without atomics: each element of the result gathers what is added to it. */
export function scatterAddKernel(context: GpuContext): Kernels['scatterAdd'] {
  const { memory } = context;
  return (x, index, out) => {
    requireIndices(memory, 'scatterAdd', index, out.shape[0] as number);
    if (sizeOf(out.shape) === 0 || sizeOf(x.shape) === 0) return;
    const known = (x.shape[0] as number) > fewRows ? knownIndices(memory, index) : undefined;
    memory.store(out, known ? addSorted(context, x, known, out) : addSearched(context, x, index, out));
  };
}

/** Each result looks at all indices. */
function addSearched({ device, memory }: GpuContext, x: View, index: View, out: View): DeviceArray {
  const length = sizeOf(out.shape);
  const count = x.shape[0] as number;
  const axes: Axes = { shape: x.shape.slice(1), strides: [x.strides.slice(1)] };
  const inner = sizeOf(axes.shape);
  const [source, from] = memory.argumentsOf(x);
  const [indices, first] = memory.argumentsOf(index);
  const [old, at] = memory.argumentsOf(out);
  const key = `scatterAdd:${length}:${count}:${x.strides[0]}:${index.strides[0]}:${axesKey(axes)}`;
  return device.run(key, [source, indices, old, from, first, at], () => ({
    length,
    functions: [quotient],
    source: `function (source, indices, old, from, first, at) {
      const row = quotient(this.thread.x, ${inner});
      const index = this.thread.x - row * ${inner};
      ${positionLines(axes, ['position'], 'index')}
      let sum = 0.0;
      for (let n = 0; n < ${count}; n++) {
        if (indices[first + n * ${index.strides[0]}] === row) {
          sum = sum + source[from + position + n * ${x.strides[0]}];
        }
      }
      return old[at + this.thread.x] + sum;
    }`,
  }));
}

/**
 * Each result looks only at its own rows: the host sorts them by result, and uploads where each result's begin and
 * then their numbers.
 */
function addSorted({ device, memory }: GpuContext, x: View, known: Int32Array, out: View): DeviceArray {
  const rows = out.shape[0] as number;
  const { table, most } = sortedRows(known, rows);
  const length = sizeOf(out.shape);
  const axes: Axes = { shape: x.shape.slice(1), strides: [x.strides.slice(1)] };
  const inner = sizeOf(axes.shape);
  const sorted = device.upload(table);
  const [source, from] = memory.argumentsOf(x);
  const [old, at] = memory.argumentsOf(out);
  // Few lengths of loops, so that few kernels do for all indices.
  const longest = 2 ** Math.ceil(Math.log2(most));
  const key = `scatterAddSorted:${length}:${longest}:${x.strides[0]}:${axesKey(axes)}`;
  const result = device.run(key, [source, sorted, old, from, at], () => ({
    length,
    functions: [quotient],
    source: `function (source, sorted, old, from, at) {
      const row = quotient(this.thread.x, ${inner});
      const index = this.thread.x - row * ${inner};
      ${positionLines(axes, ['position'], 'index')}
      const begin = sorted[row];
      const end = sorted[row + 1];
      let sum = 0.0;
      for (let k = 0; k < ${longest}; k++) {
        if (begin + k < end) { sum = sum + source[from + position + sorted[begin + k] * ${x.strides[0]}]; }
      }
      return old[at + this.thread.x] + sum;
    }`,
  }));
  sorted.release();
  return result;
}

/** [rows + 1] positions in the table, then the numbers of x's rows by result; and the most of one result. */
function sortedRows(known: Int32Array, rows: number): { table: Float32Array; most: number } {
  const table = new Float32Array(rows + 1 + known.length);
  const counts = new Int32Array(rows);
  for (const row of known) counts[row] = (counts[row] as number) + 1;
  table[0] = rows + 1;
  for (let row = 0; row < rows; row++) table[row + 1] = (table[row] as number) + (counts[row] as number);
  const next = Array.from(table.subarray(0, rows));
  known.forEach((row, n) => {
    table[next[row] as number] = n;
    next[row] = (next[row] as number) + 1;
  });
  return { table, most: counts.reduce((most, count) => Math.max(most, count), 1) };
}
