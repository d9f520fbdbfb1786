import type { Program } from '@funhash/formula';
import { sizeOf, type View, type VirtualView } from '@funhash/tensor';
import { stripLanes } from '../compiler/dependence.ts';
import type { Context } from '../context.ts';
import { multipliesPerNs, roundUp } from '../gemm/gemm.ts';
import type { Matrix } from '../gemm/matrix.ts';
import type { Scattered } from '../gemm/scattered.ts';
import type { Thread } from '../threads/thread.ts';
import { foldDirect, isDirect } from './fold-direct.ts';
import { withOperand } from './operand.ts';
import { withOwnSums } from './own-sums.ts';
import type { PanelCall, Panels } from './panels.ts';

// Of dV, so many steps and lanes are summed at a time, over all rows of dY and x: at most 1 MiB.
const mostSteps = 480;
const mostLanes = 512;
// Rows of dY and x, and lanes, that are packed at a time.
const depthBlock = 272;
const laneBlock = 64;
// A multiple of the rows of register tiles, five or six.
const rowGrain = 30;

/**
 * `virtualFold` over many rows of dY and x: what is packed is bounded whatever their number. Each share takes some of
 * the rows; the adjoint is linear in dV, so that the shares of dV may be folded on their own.
 */
export function foldDeep(
  context: Context,
  panels: Panels,
  dY: View,
  x: View,
  v: VirtualView,
  adjoint: Program,
  outs: readonly View[],
): void {
  const { threads } = context;
  const rowAxes = dY.shape.length - 1;
  const batch = sizeOf(dY.shape.slice(0, rowAxes));
  const lanesAlong = panels.foldLanes(adjoint);
  const nanoseconds = (v.rows * v.cols * batch) / multipliesPerNs;
  const parts = threads.partsOf(nanoseconds, Math.ceil(batch / depthBlock), 'sums');
  withOperand(context, dY, rowAxes, (ofY) =>
    withOperand(context, x, rowAxes, (ofX) => {
      const direct = isDirect(ofY, ofX, v.rows, v.cols);
      const [steps, lanes] = lanesAlong === 'col' ? [ofY, ofX] : [ofX, ofY];
      const [stepCount, laneCount] = lanesAlong === 'col' ? [v.rows, v.cols] : [v.cols, v.rows];
      withOwnSums(context, parts, outs, (sumsOf) => {
        threads.split(parts, batch, depthBlock, (thread, first, depth, part) => {
          const sums = sumsOf(thread, part);
          const run = (call: PanelCall): void =>
            panels.run(thread, adjoint, v, { lanes: lanesAlong, listed: false }, call, sums);
          const share = { steps, stepCount, lanes, laneCount, first, depth };
          if (direct) foldDirect(context, thread, direct, v, share, lanesAlong, run);
          else foldRowsOf(context, thread, share, run);
        });
      });
    }),
  );
}

/** The rows [first, first + depth) of the operands whose columns are the steps and the lanes of dV. */
interface RowShare {
  readonly steps: Matrix | Scattered;
  readonly stepCount: number;
  readonly lanes: Matrix | Scattered;
  readonly laneCount: number;
  readonly first: number;
  readonly depth: number;
}

function foldRowsOf(
  { gemm }: Context,
  thread: Thread,
  { steps, stepCount, lanes, laneCount, first, depth }: RowShare,
  run: (call: PanelCall) => void,
): void {
  const widest = Math.min(mostLanes, roundUp(laneCount, stripLanes));
  const tallest = Math.min(mostSteps, roundUp(stepCount, rowGrain));
  const [tileBytes, leftBytes, rightBytes] = [
    tallest * widest * 4,
    tallest * depthBlock * 4,
    laneBlock * depthBlock * 4,
  ];
  thread.withBlock(tileBytes + leftBytes + rightBytes, (tile) => {
    const left = tile + tileBytes;
    const right = left + leftBytes;
    for (let step = 0; step < stepCount; step += mostSteps) {
      const stepsHere = Math.min(mostSteps, stepCount - step);
      const packSteps = gemm.packingColumns(thread, steps, 'left', step, stepsHere);
      for (let lane = 0; lane < laneCount; lane += mostLanes) {
        const lanesHere = Math.min(mostLanes, laneCount - lane);
        const blocks = Array.from({ length: Math.ceil(lanesHere / laneBlock) }, (_, k) => {
          const from = k * laneBlock;
          const count = Math.min(laneBlock, lanesHere - from);
          const pack = gemm.packingColumns(thread, lanes, 'right', lane + from, count);
          return { from, count: roundUp(count, stripLanes), pack };
        });
        for (let from = 0; from < depth; from += depthBlock) {
          const count = Math.min(depthBlock, depth - from);
          packSteps(left, first + from, count);
          for (const block of blocks) {
            block.pack(right, first + from, count);
            const target = { address: tile + block.from * 4, rowBytes: widest * 4 };
            const start = from > 0 ? 'out' : 'zeros';
            const size = { m: stepsHere, n: block.count, depth: count };
            gemm.multiplyPacked(thread, size, { left, right }, target, start);
          }
        }
        const input = { address: tile, stripBytes: 4 * stripLanes, stepBytes: widest * 4 };
        run({ firstLane: lane, lanes: lanesHere, firstStep: step, steps: stepsHere, input });
      }
    }
  });
}
