import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { layerOption } from './layer-options.ts';
import type { Module } from './module.ts';
import type { Pass } from './pass.ts';
import type { LayerSample } from './sample.ts';
import { Weighted, weightedOptions } from './weighted.ts';

const options = {
  /** Width of the input. */
  in: layerOption.required(layerOption.count()),
  /** Width of the output. */
  out: layerOption.required(layerOption.count()),
  ...weightedOptions,
} as const;

export type DenseOptions = OptionsOf<typeof options>;

/** y = activation(x · Vᵀ + b): x [B, in] → y [B, out], with V [out, in] stored as any scheme says. */
export class Dense extends Weighted<DenseOptions> {
  static override readonly type: string = 'dense';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 6],
    layers: () => [
      new Dense({ in: 6, out: 4, activation: 'tanh' }),
      new Dense({ in: 6, out: 2, bias: false, seed: 3, std: 0.5 }),
    ],
  };

  constructor(options: DenseOptions) {
    super(options, ({ in: cols, out }) => ({ rows: out, cols, out, fanIn: cols }));
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: width, out } = this.options;
    if (x.rank !== 2 || x.shape[1] !== width)
      throw new ShapeError({
        operation: `Dense ${width} → ${out}`,
        expected: `an input of shape [B, ${width}]`,
        actual: shapeText(x.shape),
        remedy: x.rank > 2 ? 'Put a Flatten before it.' : 'The first axis is the batch.',
      });
    const weight = this.weightFor(pass);
    return this.activated(weight.matmul(this.quantized(x, pass), this.biasValues()), pass);
  }

  protected override get product() {
    return { channels: this.options.in, groups: 1 };
  }
}
