import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { Convolution, type ConvolutionOptions, readConvolution } from './convolution.ts';

export type Conv1dOptions = ConvolutionOptions;

/**
 * Convolution (cross-correlation) along one axis: x [B, L, in] → [B, L′, out], with the kernel
 * V [out, kernelSize · in / groups], columns in the order (place, channel), stored as any scheme says.
 */
export class Conv1d extends Convolution<Conv1dOptions> {
  static readonly type = 'conv1d';

  constructor(options: Conv1dOptions) {
    super('Conv1d', 1, options);
  }

  get spec(): LayerSpec {
    return this.specOf(Conv1d.type);
  }

  static fromSpec(reader: LayerReader): Conv1d {
    return new Conv1d(readConvolution(reader)).restore(reader);
  }
}
