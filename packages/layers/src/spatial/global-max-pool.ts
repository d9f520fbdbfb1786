import { globalMaxPool } from '@funhash/autodiff';
import type { Tensor } from '@funhash/tensor';
import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import { GlobalPool } from './global-pool.ts';

/** The largest element of each channel: x [B, ...spatial, C] → [B, C]. */
export class GlobalMaxPool extends GlobalPool {
  static override readonly type: string = 'globalMaxPool';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4, 2],
    layers: () => [new GlobalMaxPool()],
  };

  protected pooled(x: Tensor): Tensor {
    return globalMaxPool(x);
  }
}
