import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import type { Pass } from './layer.ts';
import type { LayerReader } from './model-file/layer-reader.ts';
import type { LayerSpec } from './module.ts';
import { requireCounts, Weighted, type WeightedOptions, weightedOptions } from './weighted.ts';

export interface DenseOptions extends WeightedOptions {
  /** Width of the input. */
  readonly in: number;
  /** Width of the output. */
  readonly out: number;
}

/** y = activation(x · Vᵀ + b): x [B, in] → y [B, out], with V [out, in] stored as any scheme says. */
export class Dense extends Weighted<DenseOptions> {
  static readonly type = 'dense';

  constructor(options: DenseOptions) {
    const { in: cols, out } = options;
    requireCounts('Dense', { in: cols, out });
    super(options, { operation: 'Dense', rows: out, cols, out, fanIn: cols });
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
    return this.activated(this.weight.matmul(this.quantized(x, pass), this.biasValues()), pass);
  }

  get spec(): LayerSpec {
    const { in: width, out } = this.options;
    return { type: Dense.type, in: width, out, ...this.weightedSpec };
  }

  static fromSpec(reader: LayerReader): Dense {
    const options = { in: reader.count('in'), out: reader.count('out'), ...weightedOptions(reader) };
    return new Dense(options).restore(reader);
  }
}
