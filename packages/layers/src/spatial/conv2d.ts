import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export type Conv2dOptions = ConvolutionOptions;

/**
 * Convolution (cross-correlation) of images, channels last: x [B, H, W, in] → [B, H′, W′, out], with the kernel
 * V [out, kernelHeight · kernelWidth · in / groups], columns in the order (row, column, channel), stored as any scheme
 * says.
 */
export class Conv2d extends Convolution<Conv2dOptions> {
  static override readonly type: string = 'conv2d';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 5, 4, 2],
    layers: () => [
      new Conv2d({ in: 2, out: 3, kernelSize: [3, 2], stride: [2, 1], padding: [1, [0, 2]] }),
      new Conv2d({ in: 2, out: 4, kernelSize: 2, dilation: 2, groups: 2, bias: false, activation: 'tanh' }),
    ],
  };

  constructor(options: Conv2dOptions) {
    super('Conv2d', 2, options);
  }
}
