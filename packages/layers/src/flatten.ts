import { reshape } from '@funhash/autodiff';
import { ShapeError, sizeOf, type Tensor } from '@funhash/tensor';
import { type LayerSpec, Module } from './module.ts';

/** [B, ...] → [B, N]. */
export class Flatten extends Module {
  static readonly type = 'flatten';

  compute(x: Tensor): Tensor {
    const [batch, ...rest] = x.shape;
    if (batch === undefined)
      throw new ShapeError({ operation: 'Flatten', expected: 'an input [B, ...]', actual: 'a scalar' });
    return reshape(x, [batch, sizeOf(rest)]);
  }

  get spec(): LayerSpec {
    return { type: Flatten.type };
  }

  static fromSpec(): Flatten {
    return new Flatten();
  }
}
