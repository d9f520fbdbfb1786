import {
  add,
  batchNorm,
  divide,
  elementwise,
  multiply,
  multiplyAdd,
  powerOfTwo,
  shiftBatchNorm,
  sqrt,
  subtract,
} from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import type { Module } from '../module.ts';
import type { OwnValues } from '../owned.ts';
import { moveBuffer, type Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import type { Step } from '../steps.ts';
import { Normalization, normalizationOptions } from './normalization.ts';

const blended = elementwise('running statistics', (running, kept, found, share) =>
  running.times(kept).plus(found.times(share)),
);

const options = {
  ...normalizationOptions,
  /** Share of a batch in the running statistics. Default 0.1, as in PyTorch. */
  momentum: layerOption.that<number>(
    'a number above 0 and at most 1',
    (value) => typeof value === 'number' && value > 0 && value <= 1,
  ),
  /**
   * Whether powers of two stand in for all factors, so that shifts do instead of products. Default false. See
   * `shiftBatchNorm`; Courbariaux et al. 2016, arXiv:1602.02830, algorithm 2.
   */
  shiftBased: layerOption.flag(),
} as const;

export type BatchNormOptions = OptionsOf<typeof options>;

/**
 * Batch normalisation over all axes but the last: x [..., channels]. In training by the statistics of the batch,
 * which also move the running ones, at once or with the step (`StagedBuffers`); else, and where a pass holds them
 * `fixed`, by the running statistics. These are saved with the parameters.
 *
 *     y = activation(scale · (x − mean) / √(variance + epsilon) + shift)
 *
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167; running variance with the divisor n − 1, as in PyTorch.
 */
export class BatchNorm extends Normalization<BatchNormOptions> {
  static override readonly type: string = 'batchNorm';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 4, 2],
    layers: () => [new BatchNorm({ channels: 2, epsilon: 1e-3, momentum: 0.2, activation: 'elu' })],
  };
  readonly #mean: OwnValues;
  readonly #variance: OwnValues;

  constructor(options: BatchNormOptions) {
    super(options);
    const { channels } = this.options;
    this.#mean = this.values('mean', [channels], { isTrained: false });
    this.#variance = this.values('variance', [channels], { start: 1, isTrained: false });
  }

  compute(x: Tensor, pass: Pass): Tensor {
    this.requireInput(x);
    const { mean, variance } = this.statistics;
    const isFixed = pass.fixed !== undefined && (pass.fixed.has(mean) || pass.fixed.has(variance));
    return this.activated(pass.training && !isFixed ? this.#byBatch(x, pass) : this.#byRunning(x), pass);
  }

  #byBatch(x: Tensor, pass: Pass): Tensor {
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
      moveBuffer(pass, running, (value) => blended(value, 1 - momentum, found, share));
    move(this.statistics.mean, mean, momentum);
    move(this.statistics.variance, variance, (momentum * count) / (count - 1));
    return y;
  }

  #byRunning(x: Tensor): Tensor {
    const { factor, offset } = this.terms;
    return multiplyAdd(x, factor, offset);
  }

  /** What inference does before the activation, x · factor + offset, [channels] each. */
  get terms(): { readonly factor: Tensor; readonly offset: Tensor } {
    const { epsilon = 1e-5, shiftBased } = this.options;
    const { scale, shift } = this.affine;
    const { mean, variance } = this.statistics;
    const deviation = sqrt(add(variance.value, epsilon));
    const factor = shiftBased
      ? multiply(powerOfTwo(scale), powerOfTwo(divide(1, deviation)))
      : divide(scale, deviation);
    return { factor, offset: subtract(shift, multiply(mean.value, factor)) };
  }

  override inference(): readonly Step<Module>[] {
    const { channels, activation } = this.options;
    return [
      { type: 'affine', channels, run: (x) => this.#byRunning(x), terms: () => this.terms },
      ...(activation === undefined ? [] : [{ type: 'activation', name: activation } as const]),
    ];
  }

  /** Running mean and variance, [channels] each: 0 and 1 at the start. */
  get statistics(): { readonly mean: Parameter; readonly variance: Parameter } {
    return { mean: this.#mean.parameter, variance: this.#variance.parameter };
  }
}
