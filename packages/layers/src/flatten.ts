import { reshape } from '@funhash/autodiff';
import { ShapeError, sizeOf, type Tensor } from '@funhash/tensor';
import { Module } from './module.ts';
import type { LayerSample } from './sample.ts';
import type { Step } from './steps.ts';

/** Examples as rows: [B, ...] → [B, N]. */
export class Flatten extends Module {
  static override readonly type: string = 'flatten';
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 2],
    layers: () => [new Flatten()],
  };

  compute(x: Tensor): Tensor {
    const [batch, ...rest] = x.shape;
    if (batch === undefined)
      throw new ShapeError({ operation: 'Flatten', expected: 'an input [B, ...]', actual: 'a scalar' });
    return reshape(x, [batch, sizeOf(rest)]);
  }

  override inference(): readonly Step<Module>[] {
    return [{ type: 'reshape', toRows: true }];
  }
}
