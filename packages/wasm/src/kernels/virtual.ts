import { type Epilogue, type Kernels, sizeOf, type View, type VirtualView } from '@funhash/tensor';
import { stripLanes } from '../compiler/dependence.ts';
import type { Context } from '../context.ts';
import { blockSize, multipliesPerNs, roundUp, startAt } from '../gemm/gemm.ts';
import type { WritePanel } from '../gemm/product.ts';
import { rowsFrom } from '../gemm/scattered.ts';
import { addressOf, contiguousAt } from '../layout.ts';
import type { Thread } from '../threads/thread.ts';
import { copyWords, withContiguous } from './copy.ts';
import { foldDeep } from './fold-deep.ts';
import { activate, withStart } from './matmul.ts';
import { matrixAt, withOperand } from './operand.ts';
import { withOwnSums } from './own-sums.ts';
import type { PanelCall, Panels } from './panels.ts';
import { requireIndices } from './rows.ts';

/** The kernels that decode a virtual matrix: nothing of the size rows × cols is ever in memory. */

export function virtualMatmulKernel(
  context: Context,
  panels: Panels,
  map: Kernels['map'],
): Kernels['virtualMatmul'] {
  return (x, v, out, epilogue) => {
    if (out.dtype !== 'f32' || !panels.inBounds(v.program, v))
      return context.onReference('virtualMatmul', [x, v, out, epilogue]);
    if (x.shape.length === 2 && x.shape[0] === 1)
      withContiguous(context, x, (row) => multiplyRow(context, panels, row, v, out, epilogue));
    else if (sizeOf(out.shape) > 0) multiplyRows(context, panels, x, v, out, epilogue);
    activate(epilogue, out, map);
  };
}

/** Decoded panels take the place of the packed right-hand matrix. Shares are of the larger side of the result. */
function multiplyRows(
  context: Context,
  panels: Panels,
  x: View,
  v: VirtualView,
  out: View,
  epilogue: Epilogue | undefined,
): void {
  const batch = sizeOf(out.shape) / v.rows;
  const { threads, gemm } = context;
  const nanoseconds = v.rows * v.cols * (batch / multipliesPerNs + decodeNs);
  const byRows = batch > v.rows;
  const [extent, grain] = byRows ? [batch, rowGrain] : [v.rows, stripLanes];
  const parts = threads.partsOf(nanoseconds, Math.ceil(extent / grain));
  const rowBytes = v.rows * 4;
  withOperand(context, x, out.shape.length - 1, (left) =>
    withStart(context, epilogue?.bias, true, out, (start) => {
      threads.split(parts, extent, grain, (thread, from, count) => {
        const [row, rows] = byRows ? [from, count] : [0, batch];
        const [firstLane, cols] = byRows ? [0, v.rows] : [from, count];
        const target = { address: addressOf(out) + row * rowBytes + firstLane * 4, rowBytes };
        const writePanel: WritePanel = (to, col, lanes, firstStep, steps) => {
          const output = { address: to, stripBytes: steps * 4 * stripLanes, stepBytes: 4 * stripLanes };
          const call = { firstLane: firstLane + col, lanes, firstStep, steps, output };
          panels.run(thread, v.program, v, { lanes: 'row', listed: false }, call);
        };
        const [share, own] = [rowsFrom(left, row), startAt(start, firstLane)];
        if ('runs' in share && gemm.windows.takes(share, cols, v.cols))
          gemm.windows.multiply(thread, { m: rows, n: cols, depth: v.cols }, share, writePanel, target, own);
        else gemm.multiplyPanels(thread, { m: rows, n: cols, depth: v.cols }, share, writePanel, target, own);
      });
    }),
  );
}

/** One row: entries are multiplied as they are decoded, and no panel is written. */
function multiplyRow(
  { memory, threads, code }: Context,
  panels: Panels,
  x: View,
  v: VirtualView,
  out: View,
  epilogue: Epilogue | undefined,
): void {
  if (v.rows === 0) return;
  // Whole strips of results, because the lanes behind the last row are added too.
  const padded = roundUp(v.rows, stripLanes);
  memory.withBlock(padded * 4, (address) => {
    code.clear(address, padded * 4);
    const sums = contiguousAt(address, 'f32', [v.rows]);
    if (epilogue?.bias) copyWords(code.copy, epilogue.bias, sums);
    const target = contiguousAt(address, 'f32', [padded]);
    const { program, rows, cols, uniforms, scalars, stored } = v;
    const matrix = { program, rows, cols, uniforms, scalars, stored: [...stored, target] };
    const input = { address: addressOf(x), stripBytes: 0, stepBytes: 4 };
    const targets: (View | undefined)[] = [...stored.map(() => undefined), target];
    const form = { lanes: 'row', listed: false, inputByStep: true } as const;
    const parts = threads.partsOf(rows * cols * decodeNs, padded / stripLanes);
    threads.split(parts, rows, stripLanes, (thread, firstLane, lanes) => {
      const call = { firstLane, lanes, firstStep: 0, steps: cols, input };
      panels.run(thread, panels.rowSums(program), matrix, form, call, targets);
    });
    copyWords(code.copy, sums, contiguousAt(addressOf(out), 'f32', [v.rows]));
  });
}

/** About what it takes to decode an entry, or to fold one. */
const decodeNs = 1;

// Rows of register tiles are five or six.
const rowGrain = 30;

// Multiples of eight (blocks of steps); tiles also of five and of six (rows of register tiles).
const stepGrain = 8;
const tileSteps = 120;
const tileLanes = 64;
const stripBytes = 4 * stripLanes;
const tileDepth = 272;
const packedBytes = 2 ** 20;
// So many rows of dY and x fit there.
const mostShallow = packedBytes / 4 / tileSteps;

export function virtualFoldKernel(context: Context, panels: Panels): Kernels['virtualFold'] {
  const { threads, onReference } = context;
  return (dY, x, v, adjoint, outs) => {
    if (x.dtype !== 'f32' || !panels.inBounds(adjoint, v))
      return onReference('virtualFold', [dY, x, v, adjoint, outs]);
    const batch = sizeOf(dY.shape.slice(0, -1));
    if (batch === 0 || v.rows === 0 || v.cols === 0) return;
    if (x.shape.length > 2 || batch > mostShallow) {
      foldDeep(context, panels, dY, x, v, adjoint, outs);
      return;
    }
    const lanesAlong = panels.foldLanes(adjoint);
    const [stepView, laneView] = lanesAlong === 'col' ? [dY, x] : [x, dY];
    const stepCount = lanesAlong === 'col' ? v.rows : v.cols;
    const nanoseconds = v.rows * v.cols * (batch / multipliesPerNs + decodeNs);
    const parts = threads.partsOf(nanoseconds, Math.ceil(stepCount / stepGrain), 'sums');
    withOwnSums(context, parts, outs, (sumsOf) => {
      threads.split(parts, stepCount, stepGrain, (thread, from, count, part) => {
        const sums = sumsOf(thread, part);
        const run = (call: PanelCall): void =>
          panels.run(thread, adjoint, v, { lanes: lanesAlong, listed: false }, call, sums);
        foldSteps(context, thread, stepView, laneView, from, count, run);
      });
    });
  };
}

/** Forms the tiles of laneViewᵀ·stepView for `count` steps from `first` on, and has each folded by `run`. */
function foldSteps(
  { gemm }: Context,
  thread: Thread,
  stepView: View,
  laneView: View,
  first: number,
  stepCount: number,
  run: (call: PanelCall) => void,
): void {
  const [batch, laneCount] = laneView.shape as [number, number];
  // Columns of a [batch, n] matrix are the vectors that are packed.
  const [stepMatrix, laneMatrix] = [matrixAt(stepView), matrixAt(laneView)];
  const fitting = Math.floor(packedBytes / 4 / batch / tileSteps) * tileSteps;
  const superBlock = Math.min(Math.max(tileSteps, fitting), roundUp(stepCount, tileSteps));
  const depthStep = blockSize(batch, tileDepth, 1);
  const eachDepth = (visit: (from: number, depth: number) => void): void => {
    for (let from = 0; from < batch; from += depthStep) visit(from, Math.min(depthStep, batch - from));
  };
  const leftBytes = superBlock * batch * 4;
  const rightBytes = tileLanes * batch * 4;
  const tileBytes = tileSteps * tileLanes * 4;
  thread.withBlock(leftBytes + rightBytes + tileBytes, (left) => {
    const right = left + leftBytes;
    const tile = right + rightBytes;
    for (let step = 0; step < stepCount; step += superBlock) {
      const steps = Math.min(superBlock, stepCount - step);
      eachDepth((from, depth) => {
        const block = { first: first + step, count: steps, from, depth };
        gemm.packLeft(thread, left + from * superBlock * 4, stepMatrix, block);
      });
      for (let lane = 0; lane < laneCount; lane += tileLanes) {
        const lanes = Math.min(tileLanes, laneCount - lane);
        eachDepth((from, depth) => {
          const block = { first: lane, count: lanes, from, depth };
          gemm.packRight(thread, right + from * tileLanes * 4, laneMatrix, block);
        });
        for (let t = 0; t < steps; t += tileSteps) {
          const count = Math.min(tileSteps, steps - t);
          eachDepth((from, depth) => {
            gemm.multiplyPacked(
              thread,
              { m: count, n: roundUp(lanes, stripLanes), depth },
              {
                left: left + (from * superBlock + t * depth) * 4,
                right: right + from * tileLanes * 4,
              },
              { address: tile, rowBytes: tileLanes * 4 },
              from > 0 ? 'out' : 'zeros',
            );
          });
          const input = { address: tile, stripBytes: 4 * stripLanes, stepBytes: 4 * tileLanes };
          run({ firstLane: lane, lanes, firstStep: first + step + t, steps: count, input });
        }
      }
    }
  });
}

export function virtualRowsKernel(context: Context, panels: Panels): Kernels['virtualRows'] {
  const { memory, threads, onReference } = context;
  return (v, ids, out) => {
    if (out.dtype !== 'f32' || !panels.inBounds(v.program, v))
      return onReference('virtualRows', [v, ids, out]);
    const steps = out.shape[0] as number;
    if (steps === 0 || v.cols === 0) return;
    const rows = new RowSteps(context, v, ids);
    const stepBytes = v.cols * 4;
    const parts = threads.partsOf(steps * v.cols * decodeNs, Math.ceil(steps / stepGrain));
    if (rows.whole > 0)
      threads.split(parts, steps, stepGrain, (thread, first, count) => {
        const output = { address: addressOf(out) + first * stepBytes, stripBytes, stepBytes };
        panels.run(thread, v.program, v, rows.form, { ...rows.wholeStrips(first, count), output });
      });
    if (rows.rest > 0)
      memory.withBlock(steps * stripBytes, (edge) => {
        const output = { address: edge, stripBytes, stepBytes: stripBytes };
        panels.run(threads.here, v.program, v, rows.form, { ...rows.lastStrip(steps), output });
        const [from, to] = edgeViews(edge, out, rows.whole);
        copyWords(context.code.copy, from, to);
      });
  };
}

export function foldRowsKernel(context: Context, panels: Panels): Kernels['foldRows'] {
  const { memory, threads, onReference } = context;
  return (dOut, ids, v, adjoint, outs) => {
    if (dOut.dtype !== 'f32' || !panels.inBounds(adjoint, v))
      return onReference('foldRows', [dOut, ids, v, adjoint, outs]);
    const steps = dOut.shape[0] as number;
    if (steps === 0 || v.cols === 0) return;
    const rows = new RowSteps(context, v, ids);
    const stepBytes = v.cols * 4;
    const parts = threads.partsOf(steps * v.cols * decodeNs, Math.ceil(steps / stepGrain), 'sums');
    withContiguous(context, dOut, (cotangent) => {
      if (rows.whole > 0)
        withOwnSums(context, parts, outs, (sumsOf) => {
          threads.split(parts, steps, stepGrain, (thread, first, count, part) => {
            const input = { address: addressOf(cotangent) + first * stepBytes, stripBytes, stepBytes };
            const call = { ...rows.wholeStrips(first, count), input };
            panels.run(thread, adjoint, v, rows.form, call, sumsOf(thread, part));
          });
        });
      if (rows.rest > 0)
        memory.withBlock(steps * stripBytes, (edge) => {
          context.code.clear(edge, steps * stripBytes);
          const [to, from] = edgeViews(edge, cotangent, rows.whole);
          copyWords(context.code.copy, from, to);
          const input = { address: edge, stripBytes, stepBytes: stripBytes };
          panels.run(threads.here, adjoint, v, rows.form, { ...rows.lastStrip(steps), input }, outs);
        });
    });
  };
}

/** Rows of a virtual matrix, all or listed, as the steps of panels: the strips that are full, and the last one. */
class RowSteps {
  readonly form: { readonly lanes: 'col'; readonly listed: boolean };
  /** Columns in full strips, and behind them. */
  readonly whole: number;
  readonly rest: number;
  readonly #list: number | undefined;

  constructor(context: Context, v: VirtualView, ids: View | null) {
    this.form = { lanes: 'col', listed: ids !== null };
    this.rest = v.cols % stripLanes;
    this.whole = v.cols - this.rest;
    this.#list = ids ? checkedRows(context, ids, v.rows) : undefined;
  }

  wholeStrips(first: number, steps: number): PanelCall {
    const list = this.#list === undefined ? {} : { list: this.#list + first * 4 };
    return { firstLane: 0, lanes: this.whole, firstStep: first, steps, ...list };
  }

  lastStrip(steps: number): PanelCall {
    return { ...this.wholeStrips(0, steps), firstLane: this.whole, lanes: this.rest };
  }
}

// The columns of a contiguous matrix from `whole` on, and the same columns in a block eight wide.
function edgeViews(edge: number, matrix: View, whole: number): [edge: View, matrix: View] {
  const [rows, cols] = matrix.shape as [number, number];
  const shape = [rows, cols - whole];
  const block = contiguousAt(edge, 'f32', [rows, stripLanes]);
  return [
    { ...block, shape },
    { buffer: matrix.buffer, dtype: 'f32', shape, strides: [cols, 1], offset: matrix.offset + whole },
  ];
}

function checkedRows(context: Context, ids: View, rows: number): number {
  requireIndices(context, 'virtualRows', 'row numbers', ids, rows);
  return addressOf(ids);
}
