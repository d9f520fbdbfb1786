import { ArgumentError } from '@funhash/hashing';
import { Parameter } from '@funhash/space';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from '../activations.ts';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { Module } from '../module.ts';
import type { SummaryPart } from '../summary.ts';
import { requireCounts } from '../weighted.ts';

export interface NormalizationOptions {
  /** Extent of the last axis. */
  readonly channels: number;
  /** Added to variances. Default 1e-5. */
  readonly epsilon?: number;
  /** Default none. */
  readonly activation?: ActivationName;
}

/** What layers have in common that normalise, scale and shift the last axis: scale starts at 1, shift at 0. */
export abstract class Normalization<O extends NormalizationOptions> extends Module {
  readonly options: O;
  readonly #operation: string;
  #affine: { readonly scale: Parameter; readonly shift: Parameter } | undefined;

  constructor(operation: string, options: O) {
    super();
    const { channels, epsilon = 1e-5, activation } = options;
    requireCounts(operation, { channels });
    if (activation !== undefined) activationNamed(activation);
    if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY))
      throw new ArgumentError({
        operation,
        expected: 'a finite epsilon of at least 0',
        actual: String(epsilon),
      });
    this.#operation = operation;
    this.options = options;
  }

  get #parameters(): { readonly scale: Parameter; readonly shift: Parameter } {
    const { channels } = this.options;
    this.#affine ??= {
      scale: Parameter.of('scale', new Float32Array(channels).fill(1), [channels]),
      shift: Parameter.of('shift', new Float32Array(channels), [channels]),
    };
    return this.#affine;
  }

  /** Scale and shift as tensors [channels]. */
  protected get affine(): { readonly scale: Tensor; readonly shift: Tensor } {
    const { scale, shift } = this.#parameters;
    return { scale: scale.value, shift: shift.value };
  }

  protected requireInput(x: Tensor): void {
    const { channels } = this.options;
    if (x.rank < 2 || x.shape.at(-1) !== channels)
      throw new ShapeError({
        operation: this.#operation,
        expected: `an input of shape [..., ${channels}]`,
        actual: shapeText(x.shape),
      });
  }

  protected activated(y: Tensor, pass: Pass): Tensor {
    const { activation } = this.options;
    return activation === undefined ? y : activationNamed(activation)(y, pass);
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    return new Map(Object.entries(this.#parameters));
  }

  override parts(): readonly SummaryPart[] {
    const { channels } = this.options;
    return Object.entries(this.#parameters).map(([name, parameter]) => ({
      name,
      kind: name,
      shape: [channels],
      parameters: [parameter],
    }));
  }

  protected get normalizationSpec(): Readonly<Record<string, unknown>> {
    const { channels, epsilon, activation } = this.options;
    return {
      channels,
      ...(epsilon !== undefined && { epsilon }),
      ...(activation && { activation }),
    };
  }

  /** Takes scale and shift from a file. */
  protected restore(reader: LayerReader): this {
    const { channels } = this.options;
    this.#affine = {
      scale: reader.parameter('scale', [channels]),
      shift: reader.parameter('shift', [channels]),
    };
    return this;
  }
}

export function readNormalization(reader: LayerReader): NormalizationOptions {
  return {
    channels: reader.count('channels'),
    ...(reader.has('epsilon') && { epsilon: reader.number('epsilon') }),
    ...(reader.has('activation') && { activation: reader.text('activation') as ActivationName }),
  };
}
