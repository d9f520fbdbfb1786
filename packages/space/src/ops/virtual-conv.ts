import { add, type PaddedWindowOptions, type PerAxis } from '@funhash/autodiff';
import { perAxis, planWindows, type WindowPlan } from '@funhash/autodiff/op-parts';
import { ArgumentError, refuseUnknown } from '@funhash/hashing';
import { requireTensor, type Shape, ShapeError, shapeText, sizeOf, type Tensor } from '@funhash/tensor';
import { type ConvKernel, convolve, convolveTransposed } from './conv-kernel.ts';
import { DepthwiseKernel } from './depthwise-kernel.ts';
import { VirtualKernel } from './virtual-kernel.ts';
import { requireMatrix, type VirtualMatrix } from './virtual-matrix.ts';
import { virtualRows } from './virtual-rows.ts';

export interface ConvOptions extends PaddedWindowOptions {
  /** Each group of output channels sees one group of input channels alone. Default 1. */
  readonly groups?: number | undefined;
  /** [outC] */
  readonly bias?: Tensor | undefined;
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Elements added behind each spatial axis of the result; less than the stride or the dilation. Default 0. */
  readonly outputPadding?: PerAxis | undefined;
}

const convNames = ['kernel', 'stride', 'padding', 'dilation', 'groups', 'bias'];

/**
 * The convolution (cross-correlation) of x [B, ...spatial, inC] with a virtual kernel V [outC, kernel·inC/groups],
 * columns in the order of (...kernel, channel) → [B, ...out, outC]. One spatial axis or more, channels last. Neither V
 * nor the windows on x are ever in memory; each gradient is a convolution again. With groups = inC the kernel is
 * depthwise: decoded, and applied elementwise.
 *
 * @throws ShapeError where the kernel is larger than the padded x or shapes do not fit V, ArgumentError for options
 * that are no whole numbers, or groups that do not divide the channels
 */
export function virtualConv(x: Tensor, v: VirtualMatrix, options: ConvOptions): Tensor {
  const operation = 'virtualConv';
  requireTensor(operation, x);
  requireMatrix(operation, v);
  refuseUnknown(operation, convNames, options);
  return convolved(operation, x, v, options);
}

/** `virtualConv` of what was checked, under the name of the op that users called. */
export function convolved(operation: string, x: Tensor, v: VirtualMatrix, options: ConvOptions): Tensor {
  const plan = planWindows(operation, x.shape, options);
  const inputs = x.shape.at(-1) as number;
  const groups = checkedGroups(
    operation,
    { x, v, inputs, outputs: v.rows, places: sizeOf(plan.kernel) },
    options,
  );
  checkBias(operation, options.bias, v.rows);
  return convolve(x, kernelOf(v, groups, inputs), plan, options.bias);
}

/**
 * The transposed convolution of y [B, ...spatial, inC] with V [inC, kernel·outC/groups]: the gradient by its input of a
 * convolution with V, as an op of its own → [B, ...out, outC], with
 * out = (spatial − 1)·stride − padding + dilation·(kernel − 1) + 1 + outputPadding, or spatial·stride under `same`.
 *
 * @throws as `virtualConv`
 */
export function virtualConvTranspose(y: Tensor, v: VirtualMatrix, given: ConvTransposeOptions): Tensor {
  const operation = 'virtualConvTranspose';
  requireTensor(operation, y, 'y');
  requireMatrix(operation, v);
  refuseUnknown(operation, [...convNames, 'outputPadding'], given);
  return convolvedTransposed(operation, y, v, given);
}

/** `virtualConvTranspose` of what was checked, under the name of the op that users called. */
export function convolvedTransposed(
  operation: string,
  y: Tensor,
  v: VirtualMatrix,
  given: ConvTransposeOptions,
): Tensor {
  const { outputPadding = 0, bias, ...options } = given ?? {};
  const { spatial, plan } = transposedPlan(operation, y.shape, options, outputPadding);
  const places = sizeOf(plan.kernel);
  const outputs = (v.cols / places) * (options.groups ?? 1);
  const groups = checkedGroups(
    operation,
    { x: y, v, inputs: outputs, outputs: y.shape.at(-1) as number, places },
    options,
  );
  checkBias(operation, bias, outputs);
  const shape = [y.shape[0] as number, ...spatial, outputs];
  const output = convolveTransposed(y, kernelOf(v, groups, outputs), shape, plan);
  return bias ? add(output, bias) : output;
}

function kernelOf(v: VirtualMatrix, groups: number, inputs: number): ConvKernel {
  return groups > 1 && groups === inputs
    ? new DepthwiseKernel(virtualRows(v), inputs)
    : new VirtualKernel(v, groups);
}

/** The extents of the result, and the windows on it that make y. */
function transposedPlan(
  operation: string,
  shape: Shape,
  options: PaddedWindowOptions,
  outputPadding: PerAxis,
): { spatial: readonly number[]; plan: WindowPlan } {
  // A plan on an input large enough for any kernel checks the options and gives them axis by axis.
  const most = 2 ** 40;
  const probe = planWindows(operation, shape.length < 3 ? shape : shape.map(() => most), {
    ...options,
    padding: options.padding === 'same' ? 'valid' : options.padding,
  });
  const added = perAxis(operation, 'outputPadding', outputPadding, probe.kernel.length, 0);
  const spatial = shape.slice(1, -1).map((extent, axis) => {
    const [kernel, stride, dilation] = [probe.kernel, probe.stride, probe.dilation].map(
      (list) => list[axis] as number,
    ) as [number, number, number];
    const [before, after] = probe.padding[axis] as readonly [number, number];
    const reach = (kernel - 1) * dilation + 1;
    const natural =
      options.padding === 'same' ? extent * stride : (extent - 1) * stride + reach - before - after;
    return natural + (added[axis] as number);
  });
  if (spatial.some((extent) => extent < 1))
    throw new ShapeError({
      operation,
      expected: 'a result of at least one element along each spatial axis',
      actual: `${shapeText(spatial)} of y ${shapeText(shape)}`,
    });
  const plan = planWindows(operation, [1, ...spatial, 1], options);
  if (plan.out.some((extent, axis) => extent !== shape[axis + 1]))
    throw new ArgumentError({
      operation,
      expected: `outputPadding below the stride ${shapeText(plan.stride)}`,
      actual: shapeText(added),
    });
  return { spatial, plan };
}

interface Channels {
  readonly x: Tensor;
  readonly v: VirtualMatrix;
  /** Input channels of the convolution, or of the one that is transposed. */
  readonly inputs: number;
  readonly outputs: number;
  readonly places: number;
}

function checkedGroups(
  operation: string,
  { x, v, inputs, outputs, places }: Channels,
  { groups = 1 }: ConvOptions,
): number {
  const given = `${groups} groups, x ${shapeText(x.shape)}, V ${shapeText([v.rows, v.cols])}`;
  if (!Number.isInteger(groups) || groups < 1 || inputs % groups !== 0 || outputs % groups !== 0)
    throw new ArgumentError({
      operation,
      expected: 'a number of groups that divides the input and the output channels',
      actual: given,
    });
  if (v.rows !== outputs || v.cols !== places * (inputs / groups))
    throw new ShapeError({
      operation,
      expected: `V of shape ${shapeText([outputs, (places * inputs) / groups])}`,
      actual: given,
    });
  return groups;
}

function checkBias(operation: string, bias: Tensor | undefined, outputs: number): void {
  if (bias && (bias.rank !== 1 || bias.shape[0] !== outputs))
    throw new ShapeError({
      operation,
      expected: `a bias of shape ${shapeText([outputs])}`,
      actual: shapeText(bias.shape),
    });
}
