import { multiply } from '@funhash/autodiff';
import { ArgumentError, xxHash32Words } from '@funhash/hashing';
import { allocateArray, type Tensor, tensor } from '@funhash/tensor';
import type { Pass } from './layer.ts';
import type { LayerReader } from './layer-reader.ts';
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
    const seed = random.uint32();
    const dropped = this.rate * 2 ** 32;
    const kept = 1 / (1 - this.rate);
    const mask = allocateArray(x.dtype, x.size);
    for (let k = 0; k < mask.length; k++) mask[k] = xxHash32Words(k, 0, seed) < dropped ? 0 : kept;
    return multiply(x, tensor(mask, x.shape));
  }

  get spec(): LayerSpec {
    return { type: Dropout.type, rate: this.rate };
  }

  static fromSpec(reader: LayerReader): Dropout {
    return new Dropout({ rate: reader.number('rate') });
  }
}
