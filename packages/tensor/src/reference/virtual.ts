import type { FloatArray, Interpreter, Panel, Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { View, VirtualView } from '../backend.ts';
import { multiplyPacked, pack } from './gemm.ts';
import { interpreterOf } from './map.ts';
import { contiguousData, dataOf, matrixPositions } from './views.ts';

/**
 * The kernels that decode a virtual matrix. V is visited in panels of at most `panelEntries`; nothing of the size
 * rows × cols is ever allocated.
 */

const panelEntries = 4096;
// A strip of V that stays in the cache while a batch is multiplied with it.
const stripEntries = 65536;

const operands = (
  v: VirtualView,
  inputs: readonly FloatArray[] = [],
): Omit<Panel, 'rows' | 'cols' | 'firstRow' | 'firstCol'> => ({
  uniforms: v.uniforms,
  scalars: v.scalars,
  stored: v.stored.map((view) => contiguousData(view) as FloatArray),
  inputs,
});

const decoderOf = (v: VirtualView, dtype: 'f32' | 'f64'): Interpreter =>
  interpreterOf(v.program, dtype, panelEntries);

/** Decodes rows [firstRow, firstRow + rows) — or the rows of that part of `ids` — into out, row by row. */
function decodeStrip(
  v: VirtualView,
  ids: Int32Array | null,
  firstRow: number,
  rows: number,
  out: FloatArray,
  offset: number,
): void {
  const decoder = decoderOf(v, out instanceof Float32Array ? 'f32' : 'f64');
  const shared = operands(v);
  const cols = Math.min(v.cols, panelEntries);
  const step = Math.max(1, Math.floor(panelEntries / Math.max(1, cols)));
  for (let r = 0; r < rows; r += step)
    for (let c = 0; c < v.cols; c += cols) {
      const panel = { rows: Math.min(step, rows - r), cols: Math.min(cols, v.cols - c) };
      const at = firstRow + r;
      const firstPanelRow = ids ? ids.subarray(at, at + panel.rows) : at;
      const [decoded] = decoder.run({ ...panel, ...shared, firstRow: firstPanelRow, firstCol: c });
      for (let k = 0; k < panel.rows; k++)
        out.set(
          (decoded as FloatArray).subarray(k * panel.cols, (k + 1) * panel.cols),
          offset + (r + k) * v.cols + c,
        );
    }
}

function rowIds(v: VirtualView, ids: View | null): Int32Array | null {
  if (!ids) return null;
  const values = contiguousData(ids) as Int32Array;
  for (const id of values)
    if (id < 0 || id >= v.rows)
      throw new ArgumentError({
        operation: 'virtualRows',
        expected: `row numbers from 0 to ${v.rows - 1}`,
        actual: String(id),
      });
  return values;
}

export function virtualRows(v: VirtualView, ids: View | null, out: View): void {
  decodeStrip(v, rowIds(v, ids), 0, out.shape[0] as number, dataOf(out) as FloatArray, out.offset);
}

export function virtualMatmul(x: View, v: VirtualView, out: View): void {
  const rowAxes = out.shape.length - 1;
  const { rows, cols } = matrixPositions(x, rowAxes);
  const left = pack({ data: dataOf(x) as FloatArray, starts: rows, steps: cols });
  const target = dataOf(out) as FloatArray;
  const stripRows = Math.max(4, Math.floor(stripEntries / Math.max(1, v.cols)) & ~3);
  const strip = arrayLike(target, Math.min(stripRows, v.rows) * v.cols);
  for (let r = 0; r < v.rows; r += stripRows) {
    const count = Math.min(stripRows, v.rows - r);
    decodeStrip(v, null, r, count, strip, 0);
    const layout = { shape: [count, v.cols], strides: [v.cols, 1], offset: 0 };
    const decoded = matrixPositions(layout, 1);
    const right = pack({ data: strip, starts: decoded.rows, steps: decoded.cols });
    multiplyPacked(left, right, { data: target, offset: out.offset + r, rowStride: v.rows, colStride: 1 });
  }
}

function arrayLike(array: FloatArray, length: number): FloatArray {
  return array instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

const tileRows = 16;
const tileCols = panelEntries / tileRows;

export function virtualFold(
  dY: View,
  x: View,
  v: VirtualView,
  adjoint: Program,
  outs: readonly View[],
): void {
  const dtype = x.dtype as 'f32' | 'f64';
  const interpreter = interpreterOf(adjoint, dtype, panelEntries);
  const sinks = outs.map((out) => contiguousData(out) as FloatArray);
  const rowAxes = dY.shape.length - 1;
  const [ofY, ofX] = [matrixPositions(dY, rowAxes), matrixPositions(x, rowAxes)];
  const left = pack({ data: dataOf(dY) as FloatArray, starts: ofY.cols, steps: ofY.rows });
  const tile = arrayLike(dataOf(x) as FloatArray, panelEntries);
  for (let c = 0; c < v.cols; c += tileCols) {
    const cols = Math.min(tileCols, v.cols - c);
    const right = pack({
      data: dataOf(x) as FloatArray,
      starts: ofX.cols.subarray(c, c + cols),
      steps: ofX.rows,
    });
    for (let r = 0; r < v.rows; r += tileRows) {
      const rows = Math.min(tileRows, v.rows - r);
      multiplyPacked(
        left,
        right,
        { data: tile, offset: 0, rowStride: cols, colStride: 1 },
        { aFrom: r, rows, cols },
      );
      interpreter.run({ ...operands(v, [tile]), rows, cols, firstRow: r, firstCol: c, sinks });
    }
  }
}

export function foldRows(
  dOut: View,
  ids: View | null,
  v: VirtualView,
  adjoint: Program,
  outs: readonly View[],
): void {
  const numbers = rowIds(v, ids);
  const cotangents = contiguousData(dOut) as FloatArray;
  const interpreter = interpreterOf(adjoint, dOut.dtype as 'f32' | 'f64', panelEntries);
  const sinks = outs.map((out) => contiguousData(out) as FloatArray);
  for (let r = 0; r < (dOut.shape[0] as number); r++)
    for (let c = 0; c < v.cols; c += panelEntries) {
      const cols = Math.min(panelEntries, v.cols - c);
      const at = r * v.cols + c;
      interpreter.run({
        ...operands(v, [cotangents.subarray(at, at + cols)]),
        rows: 1,
        cols,
        firstRow: numbers ? (numbers[r] as number) : r,
        firstCol: c,
        sinks,
      });
    }
}
