import type { PaddedWindowOptions, Padding, PerAxis } from '@funhash/autodiff';
import { planWindows } from '@funhash/autodiff/op-parts';
import { ArgumentError } from '@funhash/hashing';
import { virtualConv } from '@funhash/space';
import { ShapeError, shapeText, sizeOf, type Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { requireCounts, Weighted, type WeightedOptions, weightedOptions } from '../weighted.ts';

/** Where the windows of a layer lie: one number for all spatial axes, or one for each. */
export interface SpatialOptions {
  readonly kernelSize: PerAxis;
  /** Default 1. */
  readonly stride?: PerAxis;
  /**
   * Zeros around the image: none (`valid`, the default), as many as keep its size divided by the stride (`same`), a
   * number for all sides, or for each axis a number or [before, after].
   */
  readonly padding?: Padding;
  /** Distance of neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
}

export interface ConvolutionOptions extends WeightedOptions, SpatialOptions {
  /** Channels of the input. */
  readonly in: number;
  /** Channels of the output. */
  readonly out: number;
  /** Each group of output channels sees one group of input channels alone. Default 1. */
  readonly groups?: number;
}

/** The options of an op for those of a layer. */
export function windowOptions({
  kernelSize,
  stride,
  padding,
  dilation,
}: SpatialOptions): PaddedWindowOptions {
  return { kernel: kernelSize, stride, padding, dilation };
}

/** Extents of the kernel, one for each axis. @throws ArgumentError for options that no input could fit */
export function kernelExtents(operation: string, axes: number, options: SpatialOptions): readonly number[] {
  // An input that any kernel and padding would fit: what is refused is wrong for every input.
  const shape = [1, ...new Array<number>(axes).fill(2 ** 40), 1];
  return planWindows(operation, shape, windowOptions(options)).kernel;
}

export function spatialSpec({ kernelSize, stride, padding, dilation }: SpatialOptions): SpatialOptions {
  return {
    kernelSize,
    ...(stride !== undefined && { stride }),
    ...(padding !== undefined && { padding }),
    ...(dilation !== undefined && { dilation }),
  };
}

export function readSpatial(reader: LayerReader): SpatialOptions {
  return {
    kernelSize: reader.perAxis('kernelSize'),
    ...(reader.has('stride') && { stride: reader.perAxis('stride') }),
    ...(reader.has('padding') && { padding: reader.padding('padding') }),
    ...(reader.has('dilation') && { dilation: reader.perAxis('dilation') }),
  };
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

/** Layers that multiply a kernel with windows on their input, [B, ...spatial, in] → [B, ...spatial′, out]. */
export abstract class Convolution<O extends ConvolutionOptions> extends Weighted<O> {
  readonly #operation: string;
  readonly #axes: number;

  constructor(operation: string, axes: number, options: O) {
    const { in: inputs, out, groups = 1 } = options;
    requireCounts(operation, { in: inputs, out, groups });
    if (inputs % groups !== 0 || out % groups !== 0)
      throw new ArgumentError({
        operation,
        expected: 'a number of groups that divides the input and the output channels',
        actual: `${groups} groups, ${inputs} → ${out} channels`,
      });
    const cols = sizeOf(kernelExtents(operation, axes, options)) * (inputs / groups);
    super(options, { operation, rows: out, cols, out, fanIn: cols });
    this.#operation = operation;
    this.#axes = axes;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: inputs, groups } = this.options;
    requireImages(this.#operation, x, this.#axes, inputs);
    const options = { ...windowOptions(this.options), groups, bias: this.biasValues() };
    return this.activated(virtualConv(this.quantized(x, pass), this.weight.kernel, options), pass);
  }

  protected specOf(type: string): LayerSpec {
    const { in: inputs, out, groups } = this.options;
    return {
      type,
      in: inputs,
      out,
      ...spatialSpec(this.options),
      ...(groups !== undefined && { groups }),
      ...this.weightedSpec,
    };
  }
}

export function readConvolution(reader: LayerReader): ConvolutionOptions {
  return {
    in: reader.count('in'),
    out: reader.count('out'),
    ...readSpatial(reader),
    ...(reader.has('groups') && { groups: reader.count('groups') }),
    ...weightedOptions(reader),
  };
}
