import { piecesOf, type WindowPlan } from '@funhash/autodiff/op-parts';
import { type Program, type Real, tracePointwise } from '@funhash/formula';
import { assign, empty, runMap, runReduce, type Shape, sizeOf, type Tensor } from '@funhash/tensor';
import { listOfPlaces } from '../kernel-places.ts';
import type { ConvKernel } from './conv-kernel.ts';
import { byPhases } from './phases.ts';
import { padded } from './spread.ts';

/**
 * A depthwise kernel W [C·m, kH·kW]: output channel c·m + j is made of input channel c alone. Σ_k x_k·w_k over the
 * places k of the kernel is one elementwise pass, in place of C products with m columns each.
 */
export class DepthwiseKernel implements ConvKernel {
  readonly tensors: readonly Tensor[];
  readonly isLinear = true;
  readonly #w: Tensor;
  readonly #channels: number;
  readonly #multiplier: number;

  constructor(w: Tensor, channels: number) {
    this.tensors = [w];
    this.#w = w;
    this.#channels = channels;
    this.#multiplier = (w.shape[0] as number) / channels;
  }

  conv(x: Tensor, plan: WindowPlan, bias?: Tensor): Tensor {
    const source = padded(x, plan);
    const pieces = this.#pieces(source, plan, 1);
    if (source !== x) source.dispose();
    const weights = this.#weights();
    const shares = bias ? [this.#perChannel(bias, this.#multiplier)] : [];
    const program = sumOfProducts(pieces.length, shares.length);
    const [sums] = runMap('depthwise', program, [...pieces, ...weights, ...shares]) as [Tensor];
    for (const view of [...pieces, ...weights, ...shares]) view.dispose();
    return joined(sums);
  }

  transposed(y: Tensor, shape: Shape, plan: WindowPlan): Tensor {
    const all = this.#weights();
    const output = byPhases(y, shape, plan, (source, phase) => {
      const pieces = this.#pieces(source, phase.plan, this.#multiplier);
      const weights = listOfPlaces(phase.places).map((place) => all[place] as Tensor);
      const program = sumOfProducts(pieces.length, 0);
      const [terms] = runMap('depthwise', program, [...pieces, ...weights]) as [Tensor];
      for (const piece of pieces) piece.dispose();
      if (this.#multiplier === 1) return joined(terms);
      const sums = runReduce('sum', terms, [-1]);
      terms.dispose();
      return joined(sums);
    });
    for (const weight of all) weight.dispose();
    return output;
  }

  fold(dY: Tensor, x: Tensor, plan: WindowPlan): Tensor[] {
    const dW = empty(this.#w.shape, dY.dtype, dY.backend);
    const [rows, places] = dW.shape as [number, number];
    const cotangent = this.#perChannel(dY, this.#multiplier);
    const axes = dY.shape.slice(0, -1).map((_, axis) => axis);
    const source = padded(x, plan);
    this.#pieces(source, plan, 1).forEach((piece, k) => {
      const [products] = runMap('depthwise gradient', product(), [cotangent, piece]) as [Tensor];
      const sums = runReduce('sum', products, axes);
      const column = dW.view([rows], [places], dW.size === 0 ? 0 : k);
      const found = sums.view([rows], [1], 0);
      assign(column, found);
      for (const view of [products, sums, column, found, piece]) view.dispose();
    });
    if (source !== x) source.dispose();
    cotangent.dispose();
    return [dW];
  }

  tangent([direction]: readonly Tensor[]): ConvKernel {
    return new DepthwiseKernel(direction as Tensor, this.#channels);
  }

  /** The elements of the windows on `source`, by their place in the window: [B, ...out, C, m]. */
  #pieces(source: Tensor, plan: WindowPlan, multiplier: number): Tensor[] {
    return piecesOf(source, plan).map((piece) => {
      const view = this.#perChannel(piece, multiplier);
      piece.dispose();
      return view;
    });
  }

  /** [..., C·m] as [..., C, m]. */
  #perChannel(x: Tensor, multiplier: number): Tensor {
    const step = x.strides.at(-1) as number;
    return x.view(
      [...x.shape.slice(0, -1), this.#channels, multiplier],
      [...x.strides.slice(0, -1), step * multiplier, step],
      x.offset,
    );
  }

  /** The weights [C, m] at each place of the kernel, side by side in memory. */
  #weights(): Tensor[] {
    const [rows, places] = this.#w.shape as [number, number];
    const [down, across] = this.#w.strides as [number, number];
    const turned = this.#w.view([places, rows], [across, down], this.#w.offset);
    const all = turned.contiguous();
    const weights = Array.from({ length: places }, (_, k) =>
      all.view(
        [this.#channels, this.#multiplier],
        [this.#multiplier, 1],
        all.offset + (all.size === 0 ? 0 : k * rows),
      ),
    );
    all.dispose();
    turned.dispose();
    return weights;
  }
}

/** Contiguous [..., C, m] as [..., C·m]. */
function joined(x: Tensor): Tensor {
  const view = x.view(
    [...x.shape.slice(0, -2), sizeOf(x.shape.slice(-2))],
    [...x.strides.slice(0, -2), 1],
    x.offset,
  );
  x.dispose();
  return view;
}

const sums = new Map<string, Program>();

/** Σ_k x_k·w_k of `count` operands x, then `count` operands w, then `added` operands more. */
function sumOfProducts(count: number, added: number): Program {
  const key = `${count},${added}`;
  const program =
    sums.get(key) ??
    tracePointwise(2 * count + added, 0, (operands) => {
      const terms = operands.slice(0, count).map((x, k) => x.times(operands[count + k] as Real));
      return [[...operands.slice(2 * count), ...terms].reduce((sum, term) => sum.plus(term))];
    });
  sums.set(key, program);
  return program;
}

let productProgram: Program | undefined;

function product(): Program {
  productProgram ??= tracePointwise(2, 0, ([a, b]) => [(a as Real).times(b as Real)]);
  return productProgram;
}
