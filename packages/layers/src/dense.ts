import { reshape } from '@funhash/autodiff';
import { checkArgument, type OptionsOf } from '@funhash/hashing';
import { ShapeError, shapeText, sizeOf, type Tensor } from '@funhash/tensor';
import { layerOption } from './layer-options.ts';
import type { Module } from './module.ts';
import { type Pass, passRule } from './pass.ts';
import type { LayerSample } from './sample.ts';
import { Weighted, weightedOptions } from './weighted.ts';
import type { Widths } from './widths.ts';

const options = {
  /** Width of the input. */
  in: layerOption.required(layerOption.count()),
  /** Width of the output. */
  out: layerOption.required(layerOption.count()),
  ...weightedOptions,
} as const;

export type DenseOptions = OptionsOf<typeof options>;

/** y = activation(x · Vᵀ + b): x [B, in], or of more leading axes, → y [B, out], with V [out, in] stored as any scheme says. */
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

  override get widths(): Widths {
    return { in: this.options.in, out: this.options.out };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: width, out } = this.options;
    if (x.rank < 2 || x.shape.at(-1) !== width)
      throw new ShapeError({
        operation: `Dense ${width} → ${out}`,
        expected: `an input of shape [B, ${width}]`,
        actual: shapeText(x.shape),
        remedy: x.rank > 2 ? 'Put a Flatten before it.' : 'The first axis is the batch.',
      });
    const lead = x.shape.slice(0, -1);
    const rows = lead.length === 1 ? x : reshape(x, [sizeOf(lead), width]);
    const [weight, bias] = [this.weightFor(pass), this.biasValues()];
    const y = this.#by((each) => weight.matmul(each, bias), rows, pass);
    return lead.length === 1 ? y : reshape(y, [...lead, out]);
  }

  /**
   * What `forward` does, for many x [B, in] of one pass, one after the other: a recurrent layer's product with its state.
   * The gradient of the weight is formed of all uses together.
   */
  repeated(pass: Pass): (x: Tensor) => Tensor {
    checkArgument(this.title, 'pass', passRule, pass);
    if (pass.training && this.weight.isRandom) return (x) => this.forward(x, pass);
    const product = this.weight.repeatedMatmul(this.biasValues());
    return (x) => {
      const y = this.#by(product, x, pass);
      pass.observe?.('', 'output', y);
      return y;
    };
  }

  #by(product: (x: Tensor) => Tensor, x: Tensor, pass: Pass): Tensor {
    return this.activated(product(this.quantized(x, pass)), pass);
  }

  protected override get product() {
    return { channels: this.options.in, groups: 1 };
  }
}
