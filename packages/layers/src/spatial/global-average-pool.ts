import { globalAveragePool } from '@funhash/autodiff';
import type { Tensor } from '@funhash/tensor';
import type { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import { GlobalPool } from './global-pool.ts';

/** The mean of each channel: x [B, ...spatial, C] → [B, C]. */
export class GlobalAveragePool extends GlobalPool {
  static override readonly type: string = 'globalAveragePool';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4, 2],
    layers: () => [new GlobalAveragePool()],
  };

  protected pooled(x: Tensor): Tensor {
    return globalAveragePool(x);
  }
}
