import { multiply, randomBernoulli } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import type { Pass } from './layer.ts';
import type { LayerReader } from './model-file/layer-reader.ts';
import { type LayerSpec, Module } from './module.ts';

export interface DropoutOptions {
  /** Share of elements set to 0, from 0 up to but not 1. */
  readonly rate: number;
}

/** In training, elements are 0 with probability `rate` and else scaled by 1 / (1 − rate); otherwise x itself. */
export class Dropout extends Module {
  static readonly type = 'dropout';
  readonly rate: number;

  constructor({ rate }: DropoutOptions) {
    super();
    if (!(rate >= 0 && rate < 1))
      throw new ArgumentError({ operation: 'Dropout', expected: 'a rate in [0, 1)', actual: String(rate) });
    this.rate = rate;
  }

  compute(x: Tensor, { training, random }: Pass): Tensor {
    if (!training || this.rate === 0) return x;
    const probability = 1 - this.rate;
    const seed = random.uint32();
    return multiply(x, randomBernoulli(x.shape, { probability, seed, value: 1 / probability, like: x }));
  }

  get spec(): LayerSpec {
    return { type: Dropout.type, rate: this.rate };
  }

  static fromSpec(reader: LayerReader): Dropout {
    return new Dropout({ rate: reader.number('rate') });
  }
}
