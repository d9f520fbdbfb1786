import type { Padding, PerAxis } from '@funhash/autodiff';
import { reshape } from '@funhash/autodiff';
import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, ShapeError, shapeText, sizeOf, Tensor } from '@funhash/tensor';
import { plainMatrix } from './plain-matrix.ts';
import { convolved, convolvedTransposed } from './virtual-conv.ts';
import type { VirtualMatrix } from './virtual-matrix.ts';

/** Convolutions with kernels that are tensors: those with virtual kernels, of a matrix that is in memory. */

// Values are checked where it is known how many spatial axes there are.
const rules = {
  /** Distance of neighbouring windows: a number, or one for each spatial axis. Default 1. */
  stride: option.any<PerAxis | undefined>(),
  /** Zeros around x: `valid` (none, the default), `same`, a number, or for each axis a number or [before, after]. */
  padding: option.any<Padding | undefined>(),
  /** Distance of neighbouring elements of a window. Default 1. */
  dilation: option.any<PerAxis | undefined>(),
  /** Each group of output channels sees one group of input channels alone; as many as channels: depthwise. Default 1. */
  groups: option.count(),
  /** What is added to every output channel, [outC]. Default: nothing. */
  bias: option.that<Tensor>('a tensor', (value) => value instanceof Tensor),
};

/** Options of `conv1d` and `conv2d`. */
export type ConvolveOptions = OptionsOf<typeof rules>;

const transposedRules = {
  ...rules,
  /** Elements added behind each spatial axis of the result; less than the stride or the dilation. Default 0. */
  outputPadding: option.any<PerAxis | undefined>(),
};

/** Options of `convTranspose1d` and `convTranspose2d`. */
export type ConvolveTransposedOptions = OptionsOf<typeof transposedRules>;

/**
 * The convolution (cross-correlation) of sequences, channels last: x [B, L, inC] with a kernel w [outC, K, inC / groups] →
 * [B, L′, outC].
 *
 * @throws ShapeError for shapes that do not fit; ArgumentError for options that do not; OptionError for an unknown option
 */
export function conv1d(x: Tensor, w: Tensor, options: ConvolveOptions = {}): Tensor {
  return convolution('conv1d', 1, x, w, options);
}

/**
 * The convolution (cross-correlation) of images, channels last: x [B, H, W, inC] with a kernel w [outC, kH, kW, inC / groups]
 * → [B, H′, W′, outC]. A kernel of PyTorch, [outC, inC / groups, kH, kW], is `transpose(w, [0, 2, 3, 1])` here.
 *
 * @throws ShapeError for shapes that do not fit; ArgumentError for options that do not; OptionError for an unknown option
 */
export function conv2d(x: Tensor, w: Tensor, options: ConvolveOptions = {}): Tensor {
  return convolution('conv2d', 2, x, w, options);
}

/**
 * The transposed convolution of sequences, channels last: x [B, L, inC] with a kernel w [inC, K, outC / groups] →
 * [B, L′, outC], as `convTranspose2d`.
 *
 * @throws ShapeError for shapes that do not fit; ArgumentError for options that do not; OptionError for an unknown option
 */
export function convTranspose1d(x: Tensor, w: Tensor, options: ConvolveTransposedOptions = {}): Tensor {
  return transposedConvolution('convTranspose1d', 1, x, w, options);
}

/**
 * The transposed convolution of images, channels last: x [B, H, W, inC] with a kernel w [inC, kH, kW, outC / groups] →
 * [B, H′, W′, outC], with H′ = (H − 1)·stride − padding + dilation·(kH − 1) + 1 + outputPadding, or H·stride under `same`. The
 * gradient of `conv2d` by its input, as an op of its own.
 *
 * @throws ShapeError for shapes that do not fit; ArgumentError for options that do not; OptionError for an unknown option
 */
export function convTranspose2d(x: Tensor, w: Tensor, options: ConvolveTransposedOptions = {}): Tensor {
  return transposedConvolution('convTranspose2d', 2, x, w, options);
}

const advice = {
  strides: 'did you mean stride?',
  kernelSize: 'the kernel has its extents',
  kernel: 'the kernel has its extents',
};

function convolution(
  operation: string,
  axes: number,
  x: Tensor,
  w: Tensor,
  options: ConvolveOptions,
): Tensor {
  requireOperands(operation, axes, x, w);
  checkOptions(operation, rules, options, advice);
  const { groups = 1 } = options;
  const [outputs, inputs] = [w.shape[0] as number, (w.shape.at(-1) as number) * groups];
  if (x.shape.at(-1) !== inputs || outputs % groups !== 0)
    throw misfit(operation, `a kernel [outC, ...kernel, inC / groups] for the channels of x`, x, w, groups);
  return convolved(operation, x, matrixOf(w), { ...options, kernel: w.shape.slice(1, -1) });
}

function transposedConvolution(
  operation: string,
  axes: number,
  x: Tensor,
  w: Tensor,
  options: ConvolveTransposedOptions,
): Tensor {
  requireOperands(operation, axes, x, w);
  checkOptions(operation, transposedRules, options, advice);
  const { groups = 1 } = options;
  if (x.shape.at(-1) !== w.shape[0] || (w.shape[0] as number) % groups !== 0)
    throw misfit(operation, `a kernel [inC, ...kernel, outC / groups] for the channels of x`, x, w, groups);
  return convolvedTransposed(operation, x, matrixOf(w), { ...options, kernel: w.shape.slice(1, -1) });
}

/** The kernel as a matrix, a row for each extent of its first axis. */
function matrixOf(w: Tensor): VirtualMatrix {
  const matrix = reshape(w, [w.shape[0] as number, sizeOf(w.shape.slice(1))]);
  return plainMatrix(matrix);
}

function requireOperands(operation: string, axes: number, x: Tensor, w: Tensor): void {
  requireTensor(operation, x);
  requireTensor(operation, w, 'w');
  const [images, kernel] = axes === 1 ? ['L', 'K'] : ['H, W', 'kH, kW'];
  if (x.rank !== axes + 2 || w.rank !== axes + 2)
    throw new ShapeError({
      operation,
      expected: `x [B, ${images}, inC], channels last, and a kernel of ${axes + 2} axes, [..., ${kernel}, ...]`,
      actual: `${x} and ${w}`,
    });
  if (x.dtype !== w.dtype)
    throw new ArgumentError({
      operation,
      expected: 'x and the kernel of one dtype',
      actual: `${x.dtype} and ${w.dtype}`,
      remedy: 'Use cast.',
    });
}

function misfit(operation: string, expected: string, x: Tensor, w: Tensor, groups: number): ShapeError {
  return new ShapeError({
    operation,
    expected,
    actual: `x ${shapeText(x.shape)} and w ${shapeText(w.shape)}, ${groups} groups`,
    remedy: `Kernels of PyTorch have the channels before the extents: transpose(w, [${w.rank === 3 ? '0, 2, 1' : '0, 2, 3, 1'}]).`,
  });
}
