import type { PaddedWindowOptions } from '@funhash/autodiff';
import { planWindows } from '@funhash/autodiff/op-parts';
import { ArgumentError, type OptionsOf } from '@funhash/hashing';
import { virtualConv } from '@funhash/space';
import { ShapeError, shapeText, sizeOf, type Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import type { Pass } from '../pass.ts';
import { Weighted, type WeightedShape, weightedOptions } from '../weighted.ts';
import type { Widths } from '../widths.ts';

/** Options of layers with windows on images: one number for all spatial axes, or one for each. */
export const spatialOptions = {
  /** Extents of a window. */
  kernelSize: layerOption.required(layerOption.perAxis()),
  /** Distance of neighbouring windows. Default 1. */
  stride: layerOption.perAxis(),
  /**
   * Zeros around the image: none (`valid`, the default), as many as keep its size divided by the stride (`same`), a
   * number for all sides, or for each axis a number or [before, after].
   */
  padding: layerOption.padding(),
  /** Distance of neighbouring elements of a window. Default 1. */
  dilation: layerOption.perAxis(),
} as const;

export type SpatialOptions = OptionsOf<typeof spatialOptions>;

export const convolutionOptions = {
  /** Channels of the input. */
  in: layerOption.required(layerOption.count()),
  /** Channels of the output. */
  out: layerOption.required(layerOption.count()),
  ...spatialOptions,
  /** Each group of output channels sees one group of input channels alone. Default 1. */
  groups: layerOption.count(),
  ...weightedOptions,
} as const;

export type ConvolutionOptions = OptionsOf<typeof convolutionOptions>;

/** The options of an op for those of a layer. */
export function windowOptions({
  kernelSize,
  stride,
  padding,
  dilation,
}: SpatialOptions): PaddedWindowOptions {
  return { kernel: kernelSize, stride, padding, dilation };
}

/** The options of a layer for those of an op. */
export function spatialOptionsOf({ kernel, stride, padding, dilation }: PaddedWindowOptions): SpatialOptions {
  return {
    kernelSize: kernel,
    ...(stride !== undefined && { stride }),
    ...(padding !== undefined && { padding }),
    ...(dilation !== undefined && { dilation }),
  };
}

/** Extents of the kernel, one for each axis. @throws ArgumentError for options that no input could fit */
export function kernelExtents(operation: string, axes: number, options: SpatialOptions): readonly number[] {
  // An input that any kernel and padding would fit: what is refused is wrong for every input.
  const shape = [1, ...new Array<number>(axes).fill(2 ** 40), 1];
  return planWindows(operation, shape, windowOptions(options)).kernel;
}

/** @throws ShapeError unless x is [B, ...spatial, channels] */
export function requireImages(operation: string, x: Tensor, axes: number, channels?: number): void {
  if (x.rank === axes + 2 && (channels === undefined || x.shape[axes + 1] === channels)) return;
  const spatial = ['H', 'W'].slice(2 - axes);
  throw new ShapeError({
    operation,
    expected: `an input of shape [B, ${(axes === 1 ? ['L'] : spatial).join(', ')}, ${channels ?? 'C'}], channels last`,
    actual: shapeText(x.shape),
    ...(x.rank === 2 && { remedy: 'Put a Reshape before it.' }),
  });
}

/** @throws ArgumentError for groups that do not divide the channels */
export function requireGroups(operation: string, { in: inputs, out, groups = 1 }: ConvolutionOptions): void {
  if (inputs % groups === 0 && out % groups === 0) return;
  throw new ArgumentError({
    operation,
    expected: 'a number of groups that divides the input and the output channels',
    actual: `${groups} groups, ${inputs} → ${out} channels`,
  });
}

/** Layers that multiply a kernel with windows on their input, [B, ...spatial, in] → [B, ...spatial′, out]. */
export abstract class Convolution<O extends ConvolutionOptions> extends Weighted<O> {
  static override readonly options = convolutionOptions;
  readonly #axes: number;

  constructor(operation: string, axes: number, options: O) {
    super(options, (checked): WeightedShape => {
      requireGroups(operation, checked);
      const { in: inputs, out, groups = 1 } = checked;
      const cols = sizeOf(kernelExtents(operation, axes, checked)) * (inputs / groups);
      return { rows: out, cols, out, fanIn: cols };
    });
    this.#axes = axes;
  }

  override get widths(): Widths {
    return { in: this.options.in, out: this.options.out };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: inputs, groups } = this.options;
    requireImages(this.title, x, this.#axes, inputs);
    const options = { ...windowOptions(this.options), groups, bias: this.biasValues() };
    const { kernel } = this.weightFor(pass);
    return this.activated(virtualConv(this.quantized(x, pass), kernel, options), pass);
  }

  protected override get product() {
    const { in: channels, groups = 1 } = this.options;
    return { channels, groups, windows: { ...windowOptions(this.options), axes: this.#axes } };
  }
}
