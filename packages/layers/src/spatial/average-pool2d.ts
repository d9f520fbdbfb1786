import { averagePool } from '@funhash/autodiff';
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
export interface AveragePool2dOptions extends SpatialOptions {
  /** Whether padding counts as zeros of the mean. Default true, as in PyTorch. */
  readonly countPadding?: boolean;
}

/** The mean of each window, channel by channel: x [B, H, W, C] → [B, H′, W′, C]. */
export class AveragePool2d extends Module {
  static readonly type = 'averagePool2d';
  readonly options: AveragePool2dOptions;

  constructor(options: AveragePool2dOptions) {
    super();
    kernelExtents('AveragePool2d', 2, options);
    this.options = options;
  }

  compute(x: Tensor): Tensor {
    const { countPadding = true } = this.options;
    requireImages('AveragePool2d', x, 2);
    return averagePool(x, { ...windowOptions(this.options), countPadding });
  }

  get spec(): LayerSpec {
    const { countPadding } = this.options;
    return {
      type: AveragePool2d.type,
      ...spatialSpec(this.options),
      ...(countPadding !== undefined && { countPadding }),
    };
  }

  static fromSpec(reader: LayerReader): AveragePool2d {
    return new AveragePool2d({
      ...readSpatial(reader),
      ...(reader.has('countPadding') && { countPadding: reader.flag('countPadding') }),
    });
  }
}
