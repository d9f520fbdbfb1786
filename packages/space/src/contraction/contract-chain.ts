import { add, gather, matmul, pad, recompute, reshape, slice, transpose } from '@funhash/autodiff';
import { isRecording } from '@funhash/autodiff/op-parts';
import type { Tensor } from '@funhash/tensor';
import { digitsOf } from '../ops/row-digits.ts';
import type { MatrixShape } from '../scheme.ts';
import { contractStep } from './contract-step.ts';
import { planContraction, type Segment } from './contraction-plan.ts';
import { productOf } from './modes.ts';
import { coreName, type TensorChain } from './tensor-chain.ts';

type Stored = Readonly<Record<string, Tensor>>;

const coresOf = (chain: TensorChain, stored: Stored): Tensor[] =>
  chain.inModes.map((_, k) => stored[coreName(k)] as Tensor);

/**
 * x [B, cols] · Vᵀ (+ bias [rows]) → [B, rows], with x contracted with the cores of V in the order that is planned for
 * B. Memory is O(B · bond · largest product of modes) besides the merged cores: where there are more than two segments
 * only x and the cores are kept between the passes, and the backward pass contracts again.
 */
export function contractChain(
  x: Tensor,
  stored: Stored,
  chain: TensorChain,
  { rows, bias }: { readonly rows: number; readonly bias: Tensor | undefined },
): Tensor {
  const { segments, keepsState } = planContraction(chain, x.shape[0] as number);
  const inputs = [x, ...coresOf(chain, stored), ...(bias ? [bias] : [])];
  const product = (x: Tensor, ...rest: readonly Tensor[]): Tensor => {
    const cores = rest.slice(0, chain.inModes.length);
    const shared = bias && (rest.at(-1) as Tensor);
    const source = padColumns(x, productOf(chain.inModes));
    const merged = segments.map((segment) =>
      mergeCores(cores.slice(segment.first, segment.end), chain, segment),
    );
    if (merged.length === 1) {
      const [inSize, outSize] = [productOf(chain.inModes), productOf(chain.outModes)];
      const whole = reshape(merged[0] as Tensor, [inSize, outSize]);
      return matmul(source, cut(whole, [inSize, rows]), { bias: shared });
    }
    const y = cut(contract(source, merged, chain, segments), [source.shape[0] as number, rows]);
    return shared ? add(y, shared) : y;
  };
  return keepsState && isRecording(inputs) ? product(...(inputs as [Tensor])) : recompute(product, inputs);
}

/** Rows ids [N] (i32) of V → [N, cols]: the matrices that the digits of a row choose from each core, multiplied. */
export function chainRows(ids: Tensor, stored: Stored, chain: TensorChain, shape: MatrixShape): Tensor {
  const { outModes, bonds } = chain;
  const open = bonds[0] as number;
  let below = productOf(outModes);
  let row: Tensor | undefined;
  coresOf(chain, stored).forEach((core, k) => {
    const [inMode, before, mode, after] = core.shape as [number, number, number, number];
    below /= mode;
    const digits = digitsOf(ids, shape.rows, { below, mode });
    // [N, before, inMode, after]
    const chosen = gather(transpose(core, [2, 1, 0, 3]), digits);
    if (!row) {
      row = reshape(chosen, [ids.size, open, inMode, after]);
      return;
    }
    const [, , done] = row.shape as [number, number, number, number];
    // A periodic chain is closed by the last core: its first and last bond are summed together.
    const closes = k === outModes.length - 1 && open > 1;
    const left = closes
      ? reshape(transpose(row, [0, 2, 1, 3]), [ids.size, done, open * before])
      : reshape(row, [ids.size, open * done, before]);
    const right = closes
      ? reshape(transpose(chosen, [0, 3, 1, 2]), [ids.size, open * before, inMode])
      : reshape(chosen, [ids.size, before, inMode * after]);
    row = reshape(matmul(left, right), [ids.size, closes ? 1 : open, done * inMode, closes ? 1 : after]);
  });
  return cut(reshape(row as Tensor, [ids.size, productOf(chain.inModes)]), [ids.size, shape.cols]);
}

/** V [rows, cols] itself. */
export function decodeChain(stored: Stored, chain: TensorChain, { rows, cols }: MatrixShape): Tensor {
  const whole = mergeCores(coresOf(chain, stored), chain, { first: 0, end: chain.inModes.length });
  const matrix = reshape(whole, [productOf(chain.inModes), productOf(chain.outModes)]);
  return transpose(cut(matrix, [cols, rows]));
}

const padColumns = (x: Tensor, cols: number): Tensor =>
  x.shape[1] === cols
    ? x
    : pad(x, [
        [0, 0],
        [0, cols - (x.shape[1] as number)],
      ]);

const cut = (x: Tensor, shape: readonly number[]): Tensor =>
  x.shape.join() === shape.join() ? x : slice(x, [0, 0], shape);

/**
 * Cores of a segment as one: [modes in, bond before, modes out, bond after], the bonds 1 where all cores of a chain
 * are merged.
 */
function mergeCores(cores: readonly Tensor[], { bonds }: TensorChain, { first, end }: Segment): Tensor {
  const closes = first === 0 && end === bonds.length - 1;
  return cores.reduce((merged, core, k) => {
    const [inSize, before, outSize, link] = merged.shape as [number, number, number, number];
    const [inMode, , outMode, after] = core.shape as [number, number, number, number];
    if (closes && before > 1 && k === cores.length - 1) {
      const product = matmul(
        reshape(transpose(merged, [0, 2, 1, 3]), [inSize * outSize, before * link]),
        reshape(transpose(core, [3, 1, 0, 2]), [before * link, inMode * outMode]),
      );
      const apart = reshape(product, [inSize, outSize, inMode, outMode]);
      return reshape(transpose(apart, [0, 2, 1, 3]), [inSize * inMode, 1, outSize * outMode, 1]);
    }
    const product = matmul(
      reshape(merged, [inSize * before * outSize, link]),
      reshape(transpose(core, [1, 0, 2, 3]), [link, inMode * outMode * after]),
    );
    const apart = reshape(product, [inSize, before, outSize, inMode, outMode, after]);
    return reshape(transpose(apart, [0, 3, 1, 2, 4, 5]), [inSize * inMode, before, outSize * outMode, after]);
  });
}

/**
 * x [B, cols] with two segments or more → [B, rows]. Before segment k what is contracted so far lies in memory as
 * [modes in from k on, B, open bond, modes out before k, bond before k]; a step takes the first mode and the last bond
 * from it and puts a mode out and a bond at its end, so that nothing is ever permuted.
 */
function contract(
  x: Tensor,
  merged: readonly Tensor[],
  { inModes, outModes, bonds }: TensorChain,
  segments: readonly Segment[],
): Tensor {
  const batch = x.shape[0] as number;
  const open = bonds[0] as number;
  let state = x;
  merged.forEach((core, k) => {
    const [inSize, before, outSize, after] = core.shape as [number, number, number, number];
    if (k === 0) {
      const apart = reshape(x, [batch, inSize, productOf(inModes) / inSize, 1]);
      const matrix = reshape(core, [inSize, before * outSize * after]);
      state = contractStep(transpose(apart, [1, 2, 0, 3]), matrix);
      return;
    }
    if (k === segments.length - 1 && open > 1) {
      const done = state.size / (inSize * batch * open * before);
      // [inSize, B, open, done, before] with both bonds to be summed, and the mode first among them.
      const apart = transpose(reshape(state, [inSize, batch, open, done, before]), [1, 3, 0, 2, 4]);
      const columns = reshape(apart, [1, batch * done, 1, inSize * open * before]);
      const matrix = reshape(transpose(core, [0, 3, 1, 2]), [inSize * open * before, outSize]);
      state = contractStep(columns, matrix);
      return;
    }
    const apart = reshape(state, [inSize, 1, state.size / (inSize * before), before]);
    state = contractStep(apart, reshape(core, [inSize * before, outSize * after]));
  });
  return reshape(state, [batch, productOf(outModes)]);
}
