import { virtualConv } from '@funhash/space';
import { sizeOf, type Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { requireCounts, Weighted, type WeightedOptions, weightedOptions } from '../weighted.ts';
import {
  kernelExtents,
  readSpatial,
  requireImages,
  type SpatialOptions,
  spatialSpec,
  windowOptions,
} from './convolution.ts';

export interface DepthwiseConv2dOptions extends WeightedOptions, SpatialOptions {
  /** Channels of the input. */
  readonly in: number;
  /** Output channels for each input channel. Default 1. */
  readonly multiplier?: number;
}

/**
 * A convolution of each channel for itself: x [B, H, W, in] → [B, H′, W′, in · multiplier], with the kernel
 * V [in · multiplier, kernelHeight · kernelWidth]. The outputs of a channel stand side by side.
 */
export class DepthwiseConv2d extends Weighted<DepthwiseConv2dOptions> {
  static readonly type = 'depthwiseConv2d';

  constructor(options: DepthwiseConv2dOptions) {
    const { in: inputs, multiplier = 1 } = options;
    requireCounts('DepthwiseConv2d', { in: inputs, multiplier });
    const out = inputs * multiplier;
    const cols = sizeOf(kernelExtents('DepthwiseConv2d', 2, options));
    super(options, { operation: 'DepthwiseConv2d', rows: out, cols, out, fanIn: cols });
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: groups } = this.options;
    requireImages('DepthwiseConv2d', x, 2, groups);
    const options = { ...windowOptions(this.options), groups, bias: this.biasValues() };
    return this.activated(virtualConv(this.quantized(x, pass), this.weight.kernel, options), pass);
  }

  get spec(): LayerSpec {
    const { in: inputs, multiplier } = this.options;
    return {
      type: DepthwiseConv2d.type,
      in: inputs,
      ...(multiplier !== undefined && { multiplier }),
      ...spatialSpec(this.options),
      ...this.weightedSpec,
    };
  }

  static fromSpec(reader: LayerReader): DepthwiseConv2d {
    const options = {
      in: reader.count('in'),
      ...(reader.has('multiplier') && { multiplier: reader.count('multiplier') }),
      ...readSpatial(reader),
      ...weightedOptions(reader),
    };
    return new DepthwiseConv2d(options).restore(reader);
  }
}
