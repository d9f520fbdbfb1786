import { multiply, randomBernoulli } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import type { Shape, Tensor } from '@funhash/tensor';
import { layerOption } from './layer-options.ts';
import { Module } from './module.ts';
import type { Pass } from './pass.ts';
import type { LayerSample } from './sample.ts';
import type { Step } from './steps.ts';
import type { Widths } from './widths.ts';

const options = {
  /** Share of elements set to 0, from 0 up to but not 1. */
  rate: layerOption.required(
    layerOption.that<number>(
      'a number from 0 up to but not 1',
      (value) => typeof value === 'number' && value >= 0 && value < 1,
    ),
  ),
} as const;

export type DropoutOptions = OptionsOf<typeof options>;

/** Dropout: in training, elements are 0 with probability `rate` and else scaled by 1 / (1 − rate); otherwise x itself. */
export class Dropout extends Module<DropoutOptions> {
  static override readonly type: string = 'dropout';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 6],
    layers: () => [new Dropout({ rate: 0.5 }), new Dropout({ rate: 0 })],
  };

  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor, { training, random }: Pass): Tensor {
    const { rate } = this.options;
    if (!training || rate === 0) return x;
    const probability = 1 - rate;
    const seed = random.uint32();
    const shape = this.dropped(x);
    return multiply(x, randomBernoulli(shape, { probability, seed, value: 1 / probability, like: x }));
  }

  /** Extents of what is drawn, to which x broadcasts. */
  protected dropped(x: Tensor): Shape {
    return x.shape;
  }

  override inference(): readonly Step<Module>[] {
    return [];
  }
}
