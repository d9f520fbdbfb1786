import type { OptionsOf } from '@funhash/hashing';
import { virtualConv } from '@funhash/space';
import { sizeOf, type Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { Weighted, weightedOptions } from '../weighted.ts';
import type { Widths } from '../widths.ts';
import { kernelExtents, requireImages, spatialOptions, windowOptions } from './convolution.ts';

const options = {
  /** Channels of the input. */
  in: layerOption.required(layerOption.count()),
  /** Output channels for each input channel. Default 1. */
  multiplier: layerOption.count(),
  ...spatialOptions,
  ...weightedOptions,
} as const;

export type DepthwiseConv2dOptions = OptionsOf<typeof options>;

/**
 * A convolution of each channel for itself: x [B, H, W, in] → [B, H′, W′, in · multiplier], with the kernel
 * V [in · multiplier, kernelHeight · kernelWidth]. The outputs of a channel stand side by side.
 */
export class DepthwiseConv2d extends Weighted<DepthwiseConv2dOptions> {
  static override readonly type: string = 'depthwiseConv2d';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 4, 4, 2],
    layers: () => [new DepthwiseConv2d({ in: 2, multiplier: 2, kernelSize: 3, padding: 'same' })],
  };

  constructor(options: DepthwiseConv2dOptions) {
    super(options, (checked) => {
      const { in: inputs, multiplier = 1 } = checked;
      const out = inputs * multiplier;
      const cols = sizeOf(kernelExtents('DepthwiseConv2d', 2, checked));
      return { rows: out, cols, out, fanIn: cols };
    });
  }

  override get widths(): Widths {
    const { in: width, multiplier = 1 } = this.options;
    return { in: width, out: width * multiplier };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: groups } = this.options;
    requireImages('DepthwiseConv2d', x, 2, groups);
    const options = { ...windowOptions(this.options), groups, bias: this.biasValues() };
    const { kernel } = this.weightFor(pass);
    return this.activated(virtualConv(this.quantized(x, pass), kernel, options), pass);
  }

  protected override get product() {
    const { in: channels } = this.options;
    return { channels, groups: channels, windows: { ...windowOptions(this.options), axes: 2 } };
  }
}
