import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export type Conv1dOptions = ConvolutionOptions;

/**
 * Convolution (cross-correlation) along one axis: x [B, L, in] → [B, L′, out], with the kernel
 * V [out, kernelSize · in / groups], columns in the order (place, channel), stored as any scheme says.
 */
export class Conv1d extends Convolution<Conv1dOptions> {
  static override readonly type: string = 'conv1d';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 6, 4],
    layers: () => [
      new Conv1d({ in: 4, out: 2, kernelSize: 3, stride: 2, padding: 'same', groups: 2, activation: 'silu' }),
    ],
  };

  constructor(options: Conv1dOptions) {
    super('Conv1d', 1, options);
  }
}
