import { reshape } from '@funhash/autodiff';
import { sizeOf, type Tensor } from '@funhash/tensor';
import { type LayerSpec, Module } from './module.ts';

/** [B, ...] → [B, N]. */
export class Flatten extends Module {
  static readonly type = 'flatten';

  compute(x: Tensor): Tensor {
    return reshape(x, [x.shape[0] as number, sizeOf(x.shape.slice(1))]);
  }

  get spec(): LayerSpec {
    return { type: Flatten.type };
  }

  static fromSpec(): Flatten {
    return new Flatten();
  }
}
