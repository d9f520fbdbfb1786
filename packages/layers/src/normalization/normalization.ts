import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { activationNamed } from '../activations.ts';
import { layerOption, startOptions } from '../layer-options.ts';
import { Module } from '../module.ts';
import type { OwnValues } from '../owned.ts';
import type { Pass } from '../pass.ts';

export const normalizationOptions = {
  /** Extent of the last axis. */
  channels: layerOption.required(layerOption.count()),
  /** Added to variances. Default 1e-5. */
  epsilon: layerOption.real({ least: 0 }),
  /** Applied to the output. Default none. */
  activation: layerOption.activation(),
  dtype: startOptions.dtype,
} as const;

export type NormalizationOptions = OptionsOf<typeof normalizationOptions>;

/** What layers have in common that normalise, scale and shift the last axis: scale starts at 1, shift at 0. */
export abstract class Normalization<O extends NormalizationOptions> extends Module<O> {
  readonly #scale: OwnValues;
  readonly #shift: OwnValues;

  constructor(options: O) {
    super(options);
    const { channels } = this.options;
    this.#scale = this.values('scale', [channels], { start: 1 });
    this.#shift = this.values('shift', [channels]);
  }

  /** Scale and shift as tensors [channels]. */
  protected get affine(): { readonly scale: Tensor; readonly shift: Tensor } {
    return { scale: this.#scale.value, shift: this.#shift.value };
  }

  protected requireInput(x: Tensor): void {
    const { channels } = this.options;
    if (x.rank < 2 || x.shape.at(-1) !== channels)
      throw new ShapeError({
        operation: this.title,
        expected: `an input of shape [..., ${channels}]`,
        actual: shapeText(x.shape),
      });
  }

  protected activated(y: Tensor, pass: Pass): Tensor {
    const { activation } = this.options;
    return activation === undefined ? y : activationNamed(activation)(y, pass);
  }
}
