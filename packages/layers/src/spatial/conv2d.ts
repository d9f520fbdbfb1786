import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { Convolution, type ConvolutionOptions, readConvolution } from './convolution.ts';

export type Conv2dOptions = ConvolutionOptions;

/**
 * Convolution (cross-correlation) of images, channels last: x [B, H, W, in] → [B, H′, W′, out], with the kernel
 * V [out, kernelHeight · kernelWidth · in / groups], columns in the order (row, column, channel), stored as any scheme
 * says.
 */
export class Conv2d extends Convolution<Conv2dOptions> {
  static readonly type = 'conv2d';

  constructor(options: Conv2dOptions) {
    super('Conv2d', 2, options);
  }

  get spec(): LayerSpec {
    return this.specOf(Conv2d.type);
  }

  static fromSpec(reader: LayerReader): Conv2d {
    return new Conv2d(readConvolution(reader)).restore(reader);
  }
}
