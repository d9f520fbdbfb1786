import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export type Conv3dOptions = ConvolutionOptions;

/**
 * Convolution (cross-correlation) of volumes, channels last: x [B, D, H, W, in] → [B, D′, H′, W′, out], with the kernel
 * V [out, kernelDepth · kernelHeight · kernelWidth · in / groups], columns in the order (depth, row, column, channel), stored
 * as any scheme says.
 */
export class Conv3d extends Convolution<Conv3dOptions> {
  static override readonly type: string = 'conv3d';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4, 3, 2],
    layers: () => [
      new Conv3d({ in: 2, out: 2, kernelSize: [2, 3, 2], stride: [1, 2, 1], padding: [0, 1, 0] }),
    ],
  };

  constructor(options: Conv3dOptions) {
    super('Conv3d', 3, options);
  }
}
