import {
  add,
  batchNorm,
  divide,
  multiply,
  multiplyAdd,
  powerOfTwo,
  shiftBatchNorm,
  sqrt,
  subtract,
} from '@funhash/autodiff';
import { withoutTape } from '@funhash/autodiff/op-parts';
import { ArgumentError } from '@funhash/hashing';
import { Parameter } from '@funhash/space';
import { ShapeError, scope, shapeText, type Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { Normalization, type NormalizationOptions, readNormalization } from './normalization.ts';

export interface BatchNormOptions extends NormalizationOptions {
  /** Share of a batch in the running statistics. Default 0.1, as in PyTorch. */
  readonly momentum?: number;
  /**
   * Whether powers of two stand in for all factors, so that shifts do instead of products. Default false. See
   * `shiftBatchNorm`; Courbariaux et al. 2016, arXiv:1602.02830, algorithm 2.
   */
  readonly shiftBased?: boolean;
}

/**
 * Batch normalisation over all axes but the last: x [..., channels]. In training by the statistics of the batch,
 * which also move the running ones; else by the running statistics. These are saved with the parameters.
 *
 *     y = activation(scale · (x − mean) / √(variance + epsilon) + shift)
 *
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167; running variance with the divisor n − 1, as in PyTorch.
 */
export class BatchNorm extends Normalization<BatchNormOptions> {
  static readonly type = 'batchNorm';
  #statistics: { readonly mean: Parameter; readonly variance: Parameter } | undefined;

  constructor(options: BatchNormOptions) {
    super('BatchNorm', options);
    const { momentum = 0.1 } = options;
    if (!(momentum > 0 && momentum <= 1))
      throw new ArgumentError({
        operation: 'BatchNorm',
        expected: 'a momentum above 0 and at most 1',
        actual: String(momentum),
      });
  }

  compute(x: Tensor, pass: Pass): Tensor {
    this.requireInput(x);
    return this.activated(pass.training ? this.#byBatch(x) : this.#byRunning(x), pass);
  }

  #byBatch(x: Tensor): Tensor {
    const { epsilon = 1e-5, momentum = 0.1, shiftBased } = this.options;
    const normalize = shiftBased ? shiftBatchNorm : batchNorm;
    const { y, mean, variance, count } = normalize(x, { ...this.affine, epsilon });
    if (count < 2)
      throw new ShapeError({
        operation: 'BatchNorm',
        expected: 'at least 2 values of each channel in training',
        actual: `${count} in ${shapeText(x.shape)}`,
      });
    const move = (running: Parameter, found: Tensor, share: number): void =>
      running.assign(add(multiply(running.value, 1 - momentum), multiply(found, share)));
    withoutTape(() =>
      scope(() => {
        move(this.statistics.mean, mean, momentum);
        move(this.statistics.variance, variance, (momentum * count) / (count - 1));
      }),
    );
    return y;
  }

  #byRunning(x: Tensor): Tensor {
    const { factor, offset } = this.inference;
    return multiplyAdd(x, factor, offset);
  }

  /** What inference does before the activation, x · factor + offset, [channels] each. */
  get inference(): { readonly factor: Tensor; readonly offset: Tensor } {
    const { epsilon = 1e-5, shiftBased } = this.options;
    const { scale, shift } = this.affine;
    const { mean, variance } = this.statistics;
    const deviation = sqrt(add(variance.value, epsilon));
    const factor = shiftBased
      ? multiply(powerOfTwo(scale), powerOfTwo(divide(1, deviation)))
      : divide(scale, deviation);
    return { factor, offset: subtract(shift, multiply(mean.value, factor)) };
  }

  /** Running mean and variance, [channels] each: 0 and 1 at the start. */
  get statistics(): { readonly mean: Parameter; readonly variance: Parameter } {
    const { channels } = this.options;
    this.#statistics ??= {
      mean: Parameter.of('mean', new Float32Array(channels), [channels]),
      variance: Parameter.of('variance', new Float32Array(channels).fill(1), [channels]),
    };
    return this.#statistics;
  }

  override namedBuffers(): ReadonlyMap<string, Parameter> {
    return new Map(Object.entries(this.statistics));
  }

  get spec(): LayerSpec {
    const { momentum, shiftBased } = this.options;
    return {
      type: BatchNorm.type,
      ...this.normalizationSpec,
      ...(momentum !== undefined && { momentum }),
      ...(shiftBased && { shiftBased }),
    };
  }

  static fromSpec(reader: LayerReader): BatchNorm {
    const options = {
      ...readNormalization(reader),
      ...(reader.has('momentum') && { momentum: reader.number('momentum') }),
      ...(reader.has('shiftBased') && { shiftBased: reader.flag('shiftBased') }),
    };
    const layer = new BatchNorm(options).restore(reader);
    const { channels } = options;
    layer.#statistics = {
      mean: reader.parameter('mean', [channels]),
      variance: reader.parameter('variance', [channels]),
    };
    return layer;
  }
}
