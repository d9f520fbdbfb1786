import { quantize } from '@funhash/autodiff';
import { levelsOf } from '@funhash/autodiff/op-parts';
import type { OptionsOf } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import { layerOption, startOptions } from './layer-options.ts';
import { Module } from './module.ts';
import type { OwnValues } from './owned.ts';
import type { LayerSample } from './sample.ts';
import type { Widths } from './widths.ts';

const options = {
  /** Bits of a value: 1 to 8, or 2 to 8 with a sign. */
  bits: layerOption.required(layerOption.integer({ least: 1, most: 8 })),
  /** Whether levels reach below 0. Default false: as after a `relu`, which it then makes needless. */
  signed: layerOption.flag(),
  /** The step at the start. Default 2·√(2/π) / √(greatest level), for inputs of standard deviation 1. */
  step: layerOption.start(layerOption.positive()),
  ...startOptions,
} as const;

export type QuantizeOptions = OptionsOf<typeof options>;

// It is divided by: optimisers keep it above 0.
const rule = { bounds: [2 ** -30, 2 ** 30] } as const;

/**
 * Activations of so many bits with a learned step size (LSQ): the nearest of 2^bits multiples of the step, which is
 * trained with the weights; its gradient is multiplied by 1 / √(values of an example · greatest level). Put it behind
 * normalisation.
 *
 *     new Sequential([new Dense({ in: 784, out: 256 }), new BatchNorm({ channels: 256 }), new Quantize({ bits: 2 }), …])
 *
 * Source: Esser et al. 2020, arXiv:1902.08153, eq. 1 to 3.
 */
export class Quantize extends Module<QuantizeOptions> {
  static override readonly type: string = 'quantize';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 6],
    layers: () => [new Quantize({ bits: 3 }), new Quantize({ bits: 2, signed: true, step: 0.3 })],
    except: ['gradients'],
  };
  readonly #step: OwnValues;

  constructor(options: QuantizeOptions) {
    super(options);
    const { bits, signed = false } = this.options;
    const { high } = levelsOf(bits, { signed });
    const { step = (2 * Math.sqrt(2 / Math.PI)) / Math.sqrt(high) } = this.options;
    this.#step = this.values('step', [1], { start: step, rule });
  }

  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor): Tensor {
    const { bits, signed = false } = this.options;
    const count = Math.max(1, x.size / (x.shape[0] || 1));
    return quantize(x, this.#step.value, { ...levelsOf(bits, { signed }), count });
  }

  /** [1]. */
  get step(): Parameter {
    return this.#step.parameter;
  }
}
