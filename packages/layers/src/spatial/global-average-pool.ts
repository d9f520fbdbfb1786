import { globalAveragePool } from '@funhash/autodiff';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { Module } from '../module.ts';

/** The mean of each channel: x [B, ...spatial, C] → [B, C]. */
export class GlobalAveragePool extends Module {
  static override readonly type: string = 'globalAveragePool';

  compute(x: Tensor): Tensor {
    if (x.rank < 3)
      throw new ShapeError({
        operation: 'GlobalAveragePool',
        expected: 'an input of shape [B, ...spatial, C], channels last',
        actual: shapeText(x.shape),
      });
    return globalAveragePool(x);
  }
}
