import { averagePool } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import type { Step } from '../steps.ts';
import type { Widths } from '../widths.ts';
import { kernelExtents, requireImages, spatialOptions, windowOptions } from './convolution.ts';

const options = {
  ...spatialOptions,
  /** Whether padding counts as zeros of the mean. Default true, as in PyTorch. */
  countPadding: layerOption.flag(),
} as const;

/** Windows as those of a convolution; `stride` is the kernel's size by default, `padding` at most half of it. */
export type AveragePool2dOptions = OptionsOf<typeof options>;

/** The mean of each window, channel by channel: x [B, H, W, C] → [B, H′, W′, C]. */
export class AveragePool2d extends Module<AveragePool2dOptions> {
  static override readonly type: string = 'averagePool2d';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 5, 4, 2],
    layers: () => [
      new AveragePool2d({ kernelSize: [2, 3] }),
      new AveragePool2d({ kernelSize: 2, padding: 1, countPadding: false }),
    ],
  };

  constructor(options: AveragePool2dOptions) {
    super(options);
    kernelExtents('AveragePool2d', 2, this.options);
  }

  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor): Tensor {
    const { countPadding = true } = this.options;
    requireImages('AveragePool2d', x, 2);
    return averagePool(x, { ...windowOptions(this.options), countPadding });
  }

  override inference(): readonly Step<Module>[] {
    return [{ type: 'pool', kind: 'average' }];
  }
}
