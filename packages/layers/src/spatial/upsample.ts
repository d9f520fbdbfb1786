import { type PerAxis, upsampleBilinear, upsampleNearest } from '@funhash/autodiff';
import { perAxis } from '@funhash/autodiff/op-parts';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { type LayerSpec, Module } from '../module.ts';
import { requireImages } from './convolution.ts';

const modes = { nearest: upsampleNearest, bilinear: upsampleBilinear } as const;

export interface UpsampleOptions {
  /** A whole number for both axes, or one for each. */
  readonly scale: PerAxis;
  /** Repeat elements, or interpolate between their centres. Default `nearest`. */
  readonly mode?: 'nearest' | 'bilinear';
}

/** Images enlarged: x [B, H, W, C] → [B, H · scale, W · scale, C]. */
export class Upsample extends Module {
  static readonly type = 'upsample';
  readonly options: UpsampleOptions;

  constructor(options: UpsampleOptions) {
    super();
    const { scale, mode = 'nearest' } = options;
    perAxis('Upsample', 'scale', scale, 2, 1);
    if (!Object.hasOwn(modes, mode))
      throw new ArgumentError({
        operation: 'Upsample',
        expected: `a mode among ${Object.keys(modes).join(', ')}`,
        actual: String(mode),
      });
    this.options = options;
  }

  compute(x: Tensor): Tensor {
    const { scale, mode = 'nearest' } = this.options;
    requireImages('Upsample', x, 2);
    return modes[mode](x, scale);
  }

  get spec(): LayerSpec {
    return { type: Upsample.type, ...this.options };
  }

  static fromSpec(reader: LayerReader): Upsample {
    return new Upsample({
      scale: reader.perAxis('scale'),
      ...(reader.has('mode') && { mode: reader.text('mode') as 'nearest' }),
    });
  }
}
