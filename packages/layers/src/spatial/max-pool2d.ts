import { maxPool } from '@funhash/autodiff';
import type { Tensor } from '@funhash/tensor';
import { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import type { Step } from '../steps.ts';
import type { Widths } from '../widths.ts';
import {
  kernelExtents,
  requireImages,
  type SpatialOptions,
  spatialOptions,
  windowOptions,
} from './convolution.ts';

/** Windows as those of a convolution; `stride` is the kernel's size by default, `padding` at most half of it. */
export type MaxPool2dOptions = SpatialOptions;

/** The greatest element of each window, channel by channel: x [B, H, W, C] → [B, H′, W′, C]. */
export class MaxPool2d extends Module<MaxPool2dOptions> {
  static override readonly type: string = 'maxPool2d';
  static override readonly options = spatialOptions;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 5, 4, 2],
    layers: () => [new MaxPool2d({ kernelSize: 2 }), new MaxPool2d({ kernelSize: 3, stride: 1, padding: 1 })],
  };

  constructor(options: MaxPool2dOptions) {
    super(options);
    kernelExtents('MaxPool2d', 2, this.options);
  }

  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor): Tensor {
    requireImages('MaxPool2d', x, 2);
    return maxPool(x, windowOptions(this.options));
  }

  override inference(): readonly Step<Module>[] {
    return [{ type: 'pool', kind: 'max' }];
  }
}
