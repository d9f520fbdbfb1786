import { upsampleBilinear, upsampleNearest } from '@funhash/autodiff';
import { perAxis } from '@funhash/autodiff/op-parts';
import type { OptionsOf } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import type { Widths } from '../widths.ts';
import { requireImages } from './convolution.ts';

const modes = { nearest: upsampleNearest, bilinear: upsampleBilinear } as const;

const options = {
  /** A whole number for both axes, or one for each. */
  scale: layerOption.required(layerOption.perAxis()),
  /** Repeat elements, or interpolate between their centres. Default `nearest`. */
  mode: layerOption.oneOf(['nearest', 'bilinear']),
} as const;

export type UpsampleOptions = OptionsOf<typeof options>;

/** Images enlarged: x [B, H, W, C] → [B, H · scale, W · scale, C]. */
export class Upsample extends Module<UpsampleOptions> {
  static override readonly type: string = 'upsample';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 2, 2],
    layers: () => [new Upsample({ scale: [2, 3] }), new Upsample({ scale: 2, mode: 'bilinear' })],
  };

  constructor(options: UpsampleOptions) {
    super(options);
    perAxis('Upsample', 'scale', this.options.scale, 2, 1);
  }

  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor): Tensor {
    const { scale, mode = 'nearest' } = this.options;
    requireImages('Upsample', x, 2);
    return modes[mode](x, scale);
  }
}
