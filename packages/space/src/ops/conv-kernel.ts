import { sumTo } from '@funhash/autodiff';
import { record, recorded, type WindowPlan } from '@funhash/autodiff/op-parts';
import type { Shape, Tensor } from '@funhash/tensor';

/**
 * A convolution kernel K as three maps, in which every derivative of a convolution is again one of them:
 *
 *     <conv(x), dY> = <x, transposed(dY)> = <K, fold(dY, x)>
 *
 * Images are [B, ...spatial, C]. Nothing here is recorded.
 */
export interface ConvKernel {
  /** The tensors that K is made of. */
  readonly tensors: readonly Tensor[];
  /** Whether K is linear in them. */
  readonly isLinear: boolean;
  /** x [B, ...spatial, inC] → [B, ...out, outC]. */
  conv(x: Tensor, plan: WindowPlan, bias?: Tensor): Tensor;
  /** y [B, ...out, outC] → [B, ...spatial, inC] = `shape`. */
  transposed(y: Tensor, shape: Shape, plan: WindowPlan): Tensor;
  /** The gradients of the tensors. */
  fold(dY: Tensor, x: Tensor, plan: WindowPlan): Tensor[];
  /** dK in the direction of `directions`, one for each tensor. Where K is not linear, K's own tensors are its first. */
  tangent(directions: readonly Tensor[]): ConvKernel;
}

type Needed = (input: number) => boolean;

/** The convolution of x with K, differentiable by x, bias [outC] and the tensors of K. */
export function convolve(x: Tensor, kernel: ConvKernel, plan: WindowPlan, bias?: Tensor): Tensor {
  const inputs = bias ? [x, bias, ...kernel.tensors] : [x, ...kernel.tensors];
  const first = bias ? 2 : 1;
  return recorded(inputs, kernel.conv(x, plan, bias), (g, needed) => [
    needed(0) ? convolveTransposed(g, kernel, x.shape, plan) : undefined,
    ...(bias ? [needed(1) ? sumTo(g, bias.shape) : undefined] : []),
    ...ofTensors(kernel, first, needed, () => folded(g, x, kernel, plan)),
  ]);
}

/** The adjoint of `convolve` by x as an op of its own: y [B, ...out, outC] → [B, ...spatial, inC] = `shape`. */
export function convolveTransposed(y: Tensor, kernel: ConvKernel, shape: Shape, plan: WindowPlan): Tensor {
  return recorded([y, ...kernel.tensors], kernel.transposed(y, shape, plan), (g, needed) => [
    needed(0) ? convolve(g, kernel, plan) : undefined,
    ...ofTensors(kernel, 1, needed, () => folded(y, g, kernel, plan)),
  ]);
}

function folded(dY: Tensor, x: Tensor, kernel: ConvKernel, plan: WindowPlan): Tensor[] {
  const outputs = kernel.fold(dY, x, plan);
  record([dY, x, ...kernel.tensors], outputs, (directions, needed) => {
    const tangent = kernel.tangent(directions);
    const byTensor: Needed = (input) => !kernel.isLinear && needed(input);
    return [
      needed(0) ? convolve(x, tangent, plan) : undefined,
      needed(1) ? convolveTransposed(dY, tangent, x.shape, plan) : undefined,
      ...ofTensors(kernel, 2, byTensor, () => folded(dY, x, tangent, plan).slice(0, kernel.tensors.length)),
    ];
  });
  return outputs;
}

function ofTensors(
  { tensors }: ConvKernel,
  first: number,
  needed: Needed,
  gradients: () => readonly Tensor[],
): readonly (Tensor | undefined)[] {
  return tensors.some((_, k) => needed(first + k)) ? gradients() : tensors.map(() => undefined);
}
