import { Convolution, type ConvolutionOptions } from './convolution.ts';

export type Conv2dOptions = ConvolutionOptions;

/**
 * Convolution (cross-correlation) of images, channels last: x [B, H, W, in] → [B, H′, W′, out], with the kernel
 * V [out, kernelHeight · kernelWidth · in / groups], columns in the order (row, column, channel), stored as any scheme
 * says.
 */
export class Conv2d extends Convolution<Conv2dOptions> {
  static override readonly type: string = 'conv2d';

  constructor(options: Conv2dOptions) {
    super('Conv2d', 2, options);
  }
}
