import { add } from '@funhash/autodiff';
import { type WindowPlan, windowsOf } from '@funhash/autodiff/op-parts';
import {
  matmulCall,
  runCall,
  runPlace,
  runVirtualFold,
  type Shape,
  sizeOf,
  type Tensor,
  virtualMatmulCall,
} from '@funhash/tensor';
import { joinedPlaces, type KernelPlaces } from '../kernel-places.ts';
import type { ConvKernel } from './conv-kernel.ts';
import { byPhases } from './phases.ts';
import { padded } from './spread.ts';
import { operandOf, tangentMatrix, type VirtualMatrix } from './virtual-matrix.ts';

/**
 * A virtual kernel V [outC, kH·kW·inC/groups], columns in the order (kh, kw, c): convolution is the product of windows
 * on the image with Vᵀ, and the windows are packed straight from the image. Group g takes its share of the channels of
 * x and of the rows of V.
 */
export class VirtualKernel implements ConvKernel {
  readonly tensors: readonly Tensor[];
  readonly #v: VirtualMatrix;
  readonly #groups: number;

  constructor(v: VirtualMatrix, groups: number) {
    this.#v = v;
    this.#groups = groups;
    this.tensors = v.stored;
  }

  get isLinear(): boolean {
    return this.#v.formula.isLinear;
  }

  conv(x: Tensor, plan: WindowPlan, bias?: Tensor): Tensor {
    const source = padded(x, plan);
    const output = this.#joined((g) =>
      withGroup(source, g, this.#groups, (part) => {
        const share = bias && groupOf(bias, g, this.#groups);
        return multiplyWindows(part, plan, this.#matrix(g), share);
      }),
    );
    if (source !== x) source.dispose();
    return output;
  }

  transposed(y: Tensor, shape: Shape, plan: WindowPlan): Tensor {
    return byPhases(y, shape, plan, (source, phase) =>
      this.#joined((g) =>
        withGroup(source, g, this.#groups, (part) => {
          const turned = turnedMatrix(this.#matrix(g), sizeOf(plan.kernel), phase.places);
          const product = multiplyWindows(part, phase.plan, turned);
          turned.decoded?.dispose();
          return product;
        }),
      ),
    );
  }

  fold(dY: Tensor, x: Tensor, plan: WindowPlan): Tensor[] {
    const source = padded(x, plan);
    const gradients = Array.from({ length: this.#groups }, (_, g) =>
      withGroup(source, g, this.#groups, (part) =>
        withGroup(dY, g, this.#groups, (cotangent) => {
          const v = this.#matrix(g);
          const all = windowsOf(part, plan);
          const found = runVirtualFold(cotangent, all, operandOf(v), v.formula.adjoint);
          all.dispose();
          return found;
        }),
      ),
    );
    if (source !== x) source.dispose();
    return gradients.reduce((sums, found) => sums.map((sum, k) => add(sum, found[k] as Tensor)));
  }

  tangent(directions: readonly Tensor[]): ConvKernel {
    return new VirtualKernel(tangentMatrix(this.#v, directions), this.#groups);
  }

  /** The rows of V that belong to group g. */
  #matrix(g: number): VirtualMatrix {
    const v = this.#v;
    if (this.#groups === 1) return v;
    const { rows, cols, formula, uniforms, decoded } = v;
    const count = rows / this.#groups;
    return {
      ...v,
      rows: count,
      formula: formula.rowsFrom,
      uniforms: [...uniforms, g * count],
      decoded: decoded?.view(
        [count, cols],
        decoded.strides,
        decoded.offset + g * count * (decoded.strides[0] as number),
      ),
    };
  }

  /** What `part` gives for each group, side by side along the channels. */
  #joined(part: (g: number) => Tensor): Tensor {
    if (this.#groups === 1) return part(0);
    const parts = Array.from({ length: this.#groups }, (_, g) => part(g));
    const { shape, size } = parts[0] as Tensor;
    const count = shape.at(-1) as number;
    const lead = shape.slice(0, -1);
    const starts = parts.map((_, g) => (size === 0 ? [] : [...lead.map(() => 0), g * count]));
    const output = runPlace(parts, [...lead, count * this.#groups], starts);
    for (const each of parts) each.dispose();
    return output;
  }
}

/** The channels of group g: a view. */
function groupOf(x: Tensor, g: number, groups: number): Tensor {
  const count = (x.shape.at(-1) as number) / groups;
  const start = x.size === 0 ? 0 : g * count * (x.strides.at(-1) as number);
  return x.view([...x.shape.slice(0, -1), count], x.strides, x.offset + start);
}

function withGroup<T>(x: Tensor, g: number, groups: number, use: (part: Tensor) => T): T {
  const part = groupOf(x, g, groups);
  const result = use(part);
  part.dispose();
  return result;
}

/** The windows on x, as rows, times Vᵀ: [B, ...out, V's rows]. */
function multiplyWindows(x: Tensor, plan: WindowPlan, v: VirtualMatrix, bias?: Tensor): Tensor {
  const all = windowsOf(x, plan);
  const options = { bias, rowAxes: plan.out.length + 1 };
  const product = v.decoded
    ? runCall(matmulCall(all, v.decoded, { ...options, transposeB: true }))
    : runCall(virtualMatmulCall(all, operandOf(v), options));
  all.dispose();
  return product;
}

/**
 * The kernel of the transposed convolution: V′[c, (q, o)] = V[o, (place q, c)].
 *
 * @param count of all places of the kernel
 */
function turnedMatrix(v: VirtualMatrix, count: number, places: KernelPlaces): VirtualMatrix {
  const [outputs, inputs] = [v.rows, v.cols / count];
  return {
    ...v,
    rows: inputs,
    cols: sizeOf(places.extents) * outputs,
    formula: v.formula.turned(places, outputs, inputs),
    decoded: v.decoded && turnedCopy(v.decoded, places, outputs, inputs),
  };
}

function turnedCopy(decoded: Tensor, places: KernelPlaces, outputs: number, inputs: number): Tensor {
  const { first, extents, steps } = joinedPlaces(places);
  const [down, across] = decoded.strides as [number, number];
  const turned = decoded.view(
    [...extents, outputs, inputs],
    [...steps.map((step) => step * inputs * across), down, across],
    decoded.offset + (decoded.size === 0 ? 0 : first * inputs * across),
  );
  const copy = turned.contiguous();
  const matrix = copy.view([inputs, sizeOf(extents) * outputs], [1, inputs], copy.offset);
  copy.dispose();
  turned.dispose();
  return matrix;
}
