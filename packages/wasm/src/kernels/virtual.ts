import { ArgumentError } from '@funhash/hashing';
import type { Epilogue, Kernels, View, VirtualMatrix } from '@funhash/tensor';
import { stripLanes } from '../compiler/dependence.ts';
import type { Context } from '../context.ts';
import { blockSize, roundUp } from '../gemm/gemm.ts';
import { addressOf, contiguousAt, elements } from '../layout.ts';
import { asMatrix, withMatrix } from './as-matrix.ts';
import { copyWords, withContiguous } from './copy.ts';
import { activate, addRows, matrixAt } from './matmul.ts';
import type { Panels } from './panels.ts';

/** The kernels that decode a virtual matrix: nothing of the size rows × cols is ever in memory. */

export function virtualMatmulKernel(
  context: Context,
  panels: Panels,
  map: Kernels['map'],
): Kernels['virtualMatmul'] {
  const virtualMatmul: Kernels['virtualMatmul'] = (x, v, out, epilogue) => {
    if (out.dtype !== 'f32' || !panels.inBounds(v.program, v))
      return context.onReference('virtualMatmul', x, v, out, epilogue);
    if (x.shape.length !== 2) {
      const rowAxes = out.shape.length - 1;
      return withMatrix(context, x, rowAxes, (m) => virtualMatmul(m, v, asMatrix(out, rowAxes), epilogue));
    }
    if (x.shape[0] === 1) multiplyRow(context, panels, x, v, out, epilogue);
    else multiplyRows(context, panels, x, v, out, epilogue);
    activate(epilogue, out, map);
  };
  return virtualMatmul;
}

/** Decoded panels take the place of the packed right-hand matrix. */
function multiplyRows(
  context: Context,
  panels: Panels,
  x: View,
  v: VirtualMatrix,
  out: View,
  epilogue: Epilogue | undefined,
): void {
  const batch = x.shape[0] as number;
  if (epilogue?.bias) addRows(context, epilogue.bias, out);
  const target = { address: addressOf(out), rowBytes: v.rows * 4 };
  context.gemm.multiplyPanels(
    batch,
    v.rows,
    v.cols,
    matrixAt(x),
    (to, firstLane, lanes, firstStep, steps) => {
      const output = { address: to, stripBytes: steps * 4 * stripLanes, stepBytes: 4 * stripLanes };
      panels.run(
        v.program,
        v,
        { lanes: 'row', listed: false },
        { firstLane, lanes, firstStep, steps, output },
      );
    },
    target,
    !!epilogue?.bias,
  );
}

/** One row: entries are multiplied as they are decoded, and no panel is written. */
function multiplyRow(
  { memory }: Context,
  panels: Panels,
  x: View,
  v: VirtualMatrix,
  out: View,
  epilogue: Epilogue | undefined,
): void {
  if (v.rows === 0) return;
  // Whole strips of results, because the lanes behind the last row are added too.
  const padded = roundUp(v.rows, stripLanes);
  memory.withBlock(padded * 4, (address) => {
    const sums = memory.view('f32', address, padded).fill(0);
    if (epilogue?.bias) {
      const { bias } = epilogue;
      const step = bias.strides[0] as number;
      const from = addressOf(bias) / 4;
      for (let k = 0; k < v.rows; k++) sums[k] = memory.f32[from + k * step] as number;
    }
    const target = contiguousAt(address, 'f32', [padded]);
    const { program, rows, cols, uniforms, scalars, stored } = v;
    const matrix = { program, rows, cols, uniforms, scalars, stored: [...stored, target] };
    const input = { address: addressOf(x), stripBytes: 0, stepBytes: (x.strides[1] as number) * 4 };
    const call = { firstLane: 0, lanes: v.rows, firstStep: 0, steps: v.cols, input };
    const targets: (View | undefined)[] = [...stored.map(() => undefined), target];
    panels.run(
      panels.rowSums(program),
      matrix,
      { lanes: 'row', listed: false, inputByStep: true },
      call,
      targets,
    );
    elements(memory, out).set(memory.view('f32', address, v.rows));
  });
}

// A multiple of eight (blocks of steps), of five and of six (rows of register tiles).
const tileSteps = 120;
const tileLanes = 64;
const tileDepth = 272;
const packedBytes = 2 ** 20;

export function virtualFoldKernel(context: Context, panels: Panels): Kernels['virtualFold'] {
  const { memory, gemm, onReference } = context;
  const virtualFold: Kernels['virtualFold'] = (dY, x, v, adjoint, outs) => {
    if (x.dtype !== 'f32' || !panels.inBounds(adjoint, v))
      return onReference('virtualFold', dY, x, v, adjoint, outs);
    if (x.shape.length !== 2) {
      const rowAxes = dY.shape.length - 1;
      return withMatrix(context, x, rowAxes, (m) =>
        withMatrix(context, dY, rowAxes, (g) => virtualFold(g, m, v, adjoint, outs)),
      );
    }
    const batch = x.shape[0] as number;
    const lanesAlong = panels.foldLanes(adjoint);
    const [stepView, laneView] = lanesAlong === 'col' ? [dY, x] : [x, dY];
    const [stepCount, laneCount] = lanesAlong === 'col' ? [v.rows, v.cols] : [v.cols, v.rows];
    if (batch === 0 || stepCount === 0 || laneCount === 0) return;
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
    memory.withBlock(leftBytes + rightBytes + tileSteps * tileLanes * 4, (left) => {
      const right = left + leftBytes;
      const tile = right + rightBytes;
      for (let step = 0; step < stepCount; step += superBlock) {
        const steps = Math.min(superBlock, stepCount - step);
        eachDepth((from, depth) => {
          gemm.packLeft(left + from * superBlock * 4, stepMatrix, step, steps, from, depth);
        });
        for (let lane = 0; lane < laneCount; lane += tileLanes) {
          const lanes = Math.min(tileLanes, laneCount - lane);
          eachDepth((from, depth) => {
            gemm.packRight(right + from * tileLanes * 4, laneMatrix, lane, lanes, from, depth);
          });
          for (let t = 0; t < steps; t += tileSteps) {
            const count = Math.min(tileSteps, steps - t);
            eachDepth((from, depth) => {
              gemm.multiplyPacked(
                count,
                roundUp(lanes, stripLanes),
                depth,
                left + (from * superBlock + t * depth) * 4,
                right + from * tileLanes * 4,
                { address: tile, rowBytes: tileLanes * 4 },
                from > 0,
              );
            });
            const input = { address: tile, stripBytes: 4 * stripLanes, stepBytes: 4 * tileLanes };
            const call = { firstLane: lane, lanes, firstStep: step + t, steps: count, input };
            panels.run(adjoint, v, { lanes: lanesAlong, listed: false }, call, outs);
          }
        }
      }
    });
  };
  return virtualFold;
}

export function virtualRowsKernel(context: Context, panels: Panels): Kernels['virtualRows'] {
  const { memory, onReference } = context;
  return (v, ids, out) => {
    if (out.dtype !== 'f32' || !panels.inBounds(v.program, v)) return onReference('virtualRows', v, ids, out);
    const steps = out.shape[0] as number;
    if (steps === 0 || v.cols === 0) return;
    const form = { lanes: 'col', listed: ids !== null } as const;
    const listed = ids ? { list: checkedRows(context, ids, v.rows) } : {};
    const whole = v.cols - (v.cols % stripLanes);
    const stepBytes = v.cols * 4;
    const [address, stripBytes] = [addressOf(out), 4 * stripLanes];
    if (whole > 0) {
      const output = { address, stripBytes, stepBytes };
      panels.run(v.program, v, form, { firstLane: 0, lanes: whole, firstStep: 0, steps, output, ...listed });
    }
    const rest = v.cols - whole;
    if (rest === 0) return;
    memory.withBlock(steps * stripBytes, (edge) => {
      const output = { address: edge, stripBytes, stepBytes: stripBytes };
      panels.run(v.program, v, form, {
        firstLane: whole,
        lanes: rest,
        firstStep: 0,
        steps,
        output,
        ...listed,
      });
      const [from, to] = edgeViews(edge, out, whole);
      copyWords(context.code.copy, from, to);
    });
  };
}

export function foldRowsKernel(context: Context, panels: Panels): Kernels['foldRows'] {
  const { memory, onReference } = context;
  return (dOut, ids, v, adjoint, outs) => {
    if (dOut.dtype !== 'f32' || !panels.inBounds(adjoint, v))
      return onReference('foldRows', dOut, ids, v, adjoint, outs);
    const steps = dOut.shape[0] as number;
    if (steps === 0 || v.cols === 0) return;
    const form = { lanes: 'col', listed: ids !== null } as const;
    const listed = ids ? { list: checkedRows(context, ids, v.rows) } : {};
    const whole = v.cols - (v.cols % stripLanes);
    const stripBytes = 4 * stripLanes;
    withContiguous(context, dOut, (cotangent) => {
      if (whole > 0) {
        const input = { address: addressOf(cotangent), stripBytes, stepBytes: v.cols * 4 };
        panels.run(
          adjoint,
          v,
          form,
          { firstLane: 0, lanes: whole, firstStep: 0, steps, input, ...listed },
          outs,
        );
      }
      const rest = v.cols - whole;
      if (rest === 0) return;
      memory.withBlock(steps * stripBytes, (edge) => {
        memory.view('f32', edge, steps * stripLanes).fill(0);
        const [to, from] = edgeViews(edge, cotangent, whole);
        copyWords(context.code.copy, from, to);
        const input = { address: edge, stripBytes, stepBytes: stripBytes };
        panels.run(
          adjoint,
          v,
          form,
          { firstLane: whole, lanes: rest, firstStep: 0, steps, input, ...listed },
          outs,
        );
      });
    });
  };
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

function checkedRows({ memory }: Context, ids: View, rows: number): number {
  for (const id of elements(memory, ids))
    if (id < 0 || id >= rows)
      throw new ArgumentError({
        operation: 'virtualRows',
        expected: `row numbers from 0 to ${rows - 1}`,
        actual: String(id),
      });
  return addressOf(ids);
}
