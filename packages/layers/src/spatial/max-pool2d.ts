import { maxPool } from '@funhash/autodiff';
import type { Tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { type LayerSpec, Module } from '../module.ts';
import {
  kernelExtents,
  readSpatial,
  requireImages,
  type SpatialOptions,
  spatialSpec,
  windowOptions,
} from './convolution.ts';

/** As those of a convolution; `stride` is the kernel's size by default, `padding` at most half of it. */
export type MaxPool2dOptions = SpatialOptions;

/** The greatest element of each window, channel by channel: x [B, H, W, C] → [B, H′, W′, C]. */
export class MaxPool2d extends Module {
  static readonly type = 'maxPool2d';
  readonly options: MaxPool2dOptions;

  constructor(options: MaxPool2dOptions) {
    super();
    kernelExtents('MaxPool2d', 2, options);
    this.options = options;
  }

  compute(x: Tensor): Tensor {
    requireImages('MaxPool2d', x, 2);
    return maxPool(x, windowOptions(this.options));
  }

  get spec(): LayerSpec {
    return { type: MaxPool2d.type, ...spatialSpec(this.options) };
  }

  static fromSpec(reader: LayerReader): MaxPool2d {
    return new MaxPool2d(readSpatial(reader));
  }
}
