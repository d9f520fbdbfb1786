import { globalAveragePool } from '@funhash/autodiff';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';
import type { Widths } from '../widths.ts';

/** The mean of each channel: x [B, ...spatial, C] → [B, C]. */
export class GlobalAveragePool extends Module {
  static override readonly type: string = 'globalAveragePool';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4, 2],
    layers: () => [new GlobalAveragePool()],
  };

  override get widths(): Widths {
    return { isKept: true };
  }

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
