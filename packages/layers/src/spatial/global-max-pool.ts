import { globalMaxPool } from '@funhash/autodiff';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';

/** The largest element of each channel: x [B, ...spatial, C] → [B, C]. */
export class GlobalMaxPool extends Module {
  static override readonly type: string = 'globalMaxPool';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4, 2],
    layers: () => [new GlobalMaxPool()],
  };

  compute(x: Tensor): Tensor {
    if (x.rank < 3)
      throw new ShapeError({
        operation: 'GlobalMaxPool',
        expected: 'an input of shape [B, ...spatial, C], channels last',
        actual: shapeText(x.shape),
      });
    return globalMaxPool(x);
  }
}
