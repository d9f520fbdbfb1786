import { type Shape, ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { Dropout } from '../dropout.ts';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';

/**
 * Dropout of whole channels: in training each channel of an example [..., C] is 0 with probability `rate` and else
 * scaled by 1 / (1 − rate); otherwise x [B, ...spatial, C] itself. Neighbouring pixels say much the same, so that
 * dropping single ones would drop little.
 *
 * Source: Tompson et al. 2015, arXiv:1411.4280, section 3.2.
 */
export class Dropout2d extends Dropout {
  static override readonly type: string = 'dropout2d';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 4, 2],
    layers: () => [new Dropout2d({ rate: 0.5 })],
  };

  override compute(x: Tensor, pass: Pass): Tensor {
    if (x.rank < 3)
      throw new ShapeError({
        operation: 'Dropout2d',
        expected: 'an input of shape [B, ...spatial, C], channels last',
        actual: shapeText(x.shape),
      });
    return super.compute(x, pass);
  }

  protected override dropped(x: Tensor): Shape {
    return x.shape.map((extent, axis) => (axis === 0 || axis === x.rank - 1 ? extent : 1));
  }
}
