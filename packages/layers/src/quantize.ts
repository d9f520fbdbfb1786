import { quantize } from '@funhash/autodiff';
import { levelsOf } from '@funhash/autodiff/op-parts';
import { ArgumentError } from '@funhash/hashing';
import { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import type { LayerReader } from './model-file/layer-reader.ts';
import { type LayerSpec, Module } from './module.ts';
import type { SummaryPart } from './summary.ts';

export interface QuantizeOptions {
  /** Of a value: 1 to 8, or 2 to 8 with a sign. */
  readonly bits: number;
  /** Whether levels reach below 0. Default false: as after a `relu`, which it then makes needless. */
  readonly signed?: boolean;
  /** The step at the start. Default 2·√(2/π) / √(greatest level), for inputs of standard deviation 1. */
  readonly step?: number;
}

/**
 * Activations of so many bits with a learned step size (LSQ): the nearest of 2^bits multiples of the step, which is
 * trained with the weights; its gradient is multiplied by 1 / √(values of an example · greatest level). Put it behind
 * normalisation.
 *
 *     new Sequential([new Dense({ in: 784, out: 256 }), new BatchNorm({ channels: 256 }), new Quantize({ bits: 2 }), …])
 *
 * Source: Esser et al. 2020, arXiv:1902.08153, eq. 1 to 3.
 */
export class Quantize extends Module {
  static readonly type = 'quantize';
  readonly options: QuantizeOptions;
  #step: Parameter | undefined;

  constructor(options: QuantizeOptions) {
    super();
    const { bits, signed = false, step = 1 } = options;
    levelsOf(bits, { signed });
    if (!(step > 0 && step < Number.POSITIVE_INFINITY))
      throw new ArgumentError({
        operation: 'Quantize',
        expected: 'a finite step above 0',
        actual: String(step),
      });
    this.options = options;
  }

  compute(x: Tensor): Tensor {
    const { bits, signed = false } = this.options;
    const count = Math.max(1, x.size / (x.shape[0] || 1));
    return quantize(x, this.step.value, { ...levelsOf(bits, { signed }), count });
  }

  /** [1]. */
  get step(): Parameter {
    const { bits, signed = false } = this.options;
    const { step = (2 * Math.sqrt(2 / Math.PI)) / Math.sqrt(levelsOf(bits, { signed }).high) } = this.options;
    // It is divided by: optimisers keep it above 0.
    this.#step ??= Parameter.of('step', Float32Array.of(step), [1], { bounds });
    return this.#step;
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    return new Map([['step', this.step]]);
  }

  override parts(): readonly SummaryPart[] {
    return [{ name: 'step', kind: 'step', shape: [1], parameters: [this.step] }];
  }

  get spec(): LayerSpec {
    const { bits, signed } = this.options;
    return { type: Quantize.type, bits, ...(signed && { signed }) };
  }

  static fromSpec(reader: LayerReader): Quantize {
    const layer = new Quantize({
      bits: reader.count('bits'),
      ...(reader.has('signed') && { signed: reader.flag('signed') }),
    });
    const { value } = reader.parameter('step', [1]);
    layer.#step = new Parameter('step', value, { bounds });
    return layer;
  }
}

const bounds = [2 ** -30, 2 ** 30] as const;
