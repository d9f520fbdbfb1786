import type { FloatArray } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { Epilogue, Kernels, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { isContiguous, sizeOf } from '../shape.ts';
import { multiplyPacked, pack } from './gemm.ts';
import { map } from './map.ts';
import { packSigns, signMatmul } from './signs.ts';
import {
  contiguousData,
  dataOf,
  eachPosition,
  leadingLayout,
  matrixPositions,
  positionsOf,
} from './views.ts';
import { virtualMatmul, virtualRows } from './virtual.ts';

/** The kernels of plain loops that predictions may use: those of gradients of virtual weights are not among them. */
export const forwardKernels: Omit<Kernels, 'virtualFold' | 'foldRows'> = {
  fill(out, value) {
    const data = dataOf(out);
    if (isContiguous(out.shape, out.strides)) data.fill(value, out.offset, out.offset + sizeOf(out.shape));
    else
      eachPosition(out, (position) => {
        data[position] = value;
      });
  },

  copy(x, out) {
    const source = contiguousData(x);
    const data = dataOf(out);
    if (isContiguous(out.shape, out.strides)) data.set(source, out.offset);
    else
      eachPosition(out, (position, index) => {
        data[position] = source[index] as number;
      });
  },

  map,

  reduce(op, x, out) {
    const data = dataOf(x);
    const start = { sum: 0, max: least(x.dtype), min: -1 - least(x.dtype) }[op];
    // Sums are formed in double precision, whatever the dtype.
    const totals = new Float64Array(sizeOf(out.shape)).fill(start);
    const strides = reducedStrides(out, x.shape);
    const [width, from, to] = [x.shape.at(-1) ?? 1, x.strides.at(-1) ?? 0, strides.at(-1) ?? 0];
    const lead = x.shape.slice(0, -1);
    const rows = new Int32Array(sizeOf(lead));
    eachPosition({ offset: 0, shape: lead, strides: strides.slice(0, -1) }, (position, row) => {
      rows[row] = position;
    });
    const fold = foldLoops[op];
    eachPosition(leadingLayout(x, 1), (position, row) =>
      fold(totals, rows[row] as number, to, data, position, from, width),
    );
    dataOf(out).set(totals, out.offset);
  },

  argMax(x, out) {
    const source = contiguousData(x);
    const result = dataOf(out);
    const width = x.shape.at(-1) as number;
    for (let row = 0; row < sizeOf(out.shape); row++) {
      let best = 0;
      for (let k = 1; k < width; k++)
        if (exceeds(source[row * width + k] as number, source[row * width + best] as number)) best = k;
      result[out.offset + row] = best;
    }
  },

  matmul(a, b, out, epilogue) {
    const batchAxes = b.shape.length - 2;
    const offsets = (view: View): Int32Array =>
      positionsOf({
        shape: view.shape.slice(0, batchAxes),
        strides: view.strides.slice(0, batchAxes),
        offset: view.offset,
      });
    const matrix = (view: View, rowAxes: number): { rows: Int32Array; cols: Int32Array } =>
      matrixPositions(
        { shape: view.shape.slice(batchAxes), strides: view.strides.slice(batchAxes), offset: 0 },
        rowAxes,
      );
    const [left, right] = [matrix(a, out.shape.length - 1 - batchAxes), matrix(b, 1)];
    const [aOffsets, bOffsets] = [offsets(a), offsets(b)];
    const [x, y, z] = [dataOf(a), dataOf(b), dataOf(out)] as [FloatArray, FloatArray, FloatArray];
    const cols = right.cols.length;
    aOffsets.forEach((from, k) => {
      const to = bOffsets[k] as number;
      const rows = pack({ data: x, starts: left.rows.map((row) => from + row), steps: left.cols });
      const columns = pack({ data: y, starts: right.cols.map((col) => to + col), steps: right.rows });
      const offset = out.offset + k * left.rows.length * cols;
      multiplyPacked(rows, columns, { data: z, offset, rowStride: cols, colStride: 1 });
    });
    applyEpilogue(out, epilogue);
  },

  gather(x, index, out) {
    const source = contiguousData(x);
    const indices = contiguousData(index) as Int32Array;
    const result = dataOf(out);
    const inner = sizeOf(x.shape.slice(1));
    indices.forEach((from, n) => {
      checkIndex('gather', from, x.shape[0] as number);
      result.set(source.subarray(from * inner, (from + 1) * inner), out.offset + n * inner);
    });
  },

  scatterAdd(x, index, out) {
    const source = contiguousData(x);
    const indices = contiguousData(index) as Int32Array;
    const result = dataOf(out);
    const inner = sizeOf(out.shape.slice(1));
    indices.forEach((to, n) => {
      checkIndex('scatterAdd', to, out.shape[0] as number);
      const at = out.offset + to * inner;
      for (let k = 0; k < inner; k++)
        result[at + k] = (result[at + k] as number) + (source[n * inner + k] as number);
    });
  },

  logSumExp(x, out) {
    const source = contiguousData(x);
    const result = dataOf(out);
    const width = x.shape.at(-1) as number;
    for (let row = 0; row < sizeOf(out.shape); row++) {
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < width; k++) most = Math.max(most, source[row * width + k] as number);
      let sum = 0;
      for (let k = 0; k < width; k++) sum += Math.exp((source[row * width + k] as number) - most);
      // A row of −∞ or one with +∞ is its own maximum; the difference above would be NaN.
      result[out.offset + row] = Number.isFinite(most) ? most + Math.log(sum) : most;
    }
  },

  scan(x, out) {
    const source = contiguousData(x);
    const result = dataOf(out);
    const width = x.shape.at(-1) as number;
    let sum = 0;
    for (let k = 0; k < source.length; k++) {
      sum = (k % width === 0 ? 0 : sum) + (source[k] as number);
      result[out.offset + k] = sum;
    }
  },

  virtualRows,
  virtualMatmul: (x, v, out, epilogue) => {
    virtualMatmul(x, v, out);
    applyEpilogue(out, epilogue);
  },
  packSigns,
  signMatmul,
};

// Its counterpart −1 − least is the most that an i32 holds, or +∞.
const least = (dtype: DType): number => (dtype === 'i32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY);

type FoldLoop = (
  totals: Float64Array,
  at: number,
  step: number,
  data: TypedArray,
  from: number,
  stride: number,
  count: number,
) => void;

// One line of elements into totals that stay in place (step 0) or move along; a callback an element would cost more.
const foldLoops: Record<'sum' | 'max' | 'min', FoldLoop> = {
  sum: (totals, at, step, data, from, stride, count) => {
    for (let k = 0; k < count; k++, at += step, from += stride)
      totals[at] = (totals[at] as number) + (data[from] as number);
  },
  max: (totals, at, step, data, from, stride, count) => {
    for (let k = 0; k < count; k++, at += step, from += stride)
      totals[at] = Math.max(totals[at] as number, data[from] as number);
  },
  min: (totals, at, step, data, from, stride, count) => {
    for (let k = 0; k < count; k++, at += step, from += stride)
      totals[at] = Math.min(totals[at] as number, data[from] as number);
  },
};

function reducedStrides(out: View, full: readonly number[]): number[] {
  return full.map((extent, axis) =>
    out.shape[axis] === 1 && extent !== 1 ? 0 : (out.strides[axis] as number),
  );
}

// NaN counts as the largest number, as in NumPy and PyTorch.
function exceeds(a: number, b: number): boolean {
  return a > b || (Number.isNaN(a) && !Number.isNaN(b));
}

function checkIndex(operation: string, index: number, limit: number): void {
  if (index < 0 || index >= limit)
    throw new ArgumentError({ operation, expected: `indices from 0 to ${limit - 1}`, actual: String(index) });
}

function applyEpilogue(out: View, epilogue: Epilogue | undefined): void {
  if (!epilogue) return;
  const { bias, activation } = epilogue;
  if (bias) {
    const added = contiguousData(bias);
    const data = dataOf(out);
    const size = sizeOf(out.shape);
    for (let at = out.offset; at < out.offset + size; at += added.length)
      for (let n = 0; n < added.length; n++) data[at + n] = (data[at + n] as number) + (added[n] as number);
  }
  if (activation) map(activation, [out], [], [out]);
}
