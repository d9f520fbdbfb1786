import { multiply, randomBernoulli } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import type { DropoutOptions } from '../dropout.ts';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { type LayerSpec, Module } from '../module.ts';

/**
 * Dropout of whole channels: in training each channel of an example [..., C] is 0 with probability `rate` and else
 * scaled by 1 / (1 − rate); otherwise x [B, ...spatial, C] itself. Neighbouring pixels say much the same, so that
 * dropping single ones would drop little.
 *
 * Source: Tompson et al. 2015, arXiv:1411.4280, section 3.2.
 */
export class Dropout2d extends Module {
  static readonly type = 'dropout2d';
  readonly rate: number;

  constructor({ rate }: DropoutOptions) {
    super();
    if (!(rate >= 0 && rate < 1))
      throw new ArgumentError({ operation: 'Dropout2d', expected: 'a rate in [0, 1)', actual: String(rate) });
    this.rate = rate;
  }

  compute(x: Tensor, { training, random }: Pass): Tensor {
    if (x.rank < 3)
      throw new ShapeError({
        operation: 'Dropout2d',
        expected: 'an input of shape [B, ...spatial, C], channels last',
        actual: shapeText(x.shape),
      });
    if (!training || this.rate === 0) return x;
    const probability = 1 - this.rate;
    const shape = x.shape.map((extent, axis) => (axis === 0 || axis === x.rank - 1 ? extent : 1));
    const seed = random.uint32();
    return multiply(x, randomBernoulli(shape, { probability, seed, value: 1 / probability, like: x }));
  }

  get spec(): LayerSpec {
    return { type: Dropout2d.type, rate: this.rate };
  }

  static fromSpec(reader: LayerReader): Dropout2d {
    return new Dropout2d({ rate: reader.number('rate') });
  }
}
