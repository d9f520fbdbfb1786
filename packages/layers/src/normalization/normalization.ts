import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { activationNamed } from '../activations.ts';
import { layerOption, startOptions } from '../layer-options.ts';
import { Module } from '../module.ts';
import type { OwnValues } from '../owned.ts';
import type { Pass } from '../pass.ts';
import type { Widths } from '../widths.ts';

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

/** Options of any normalisation: some take the extents of several axes as their channels. */
type AnyOptions = Omit<NormalizationOptions, 'channels'> & { readonly channels: number | readonly number[] };

/** What layers have in common that normalise, scale and shift the last axis: scale starts at 1, shift at 0. */
export abstract class Normalization<O extends AnyOptions> extends Module<O> {
  readonly #scale: OwnValues;
  readonly #shift: OwnValues;

  constructor(options: O) {
    super(options);
    this.#scale = this.values('scale', this.#own, { start: 1 });
    this.#shift = this.values('shift', this.#own);
  }

  /** The extents of the axes that are scaled and shifted. */
  get #own(): readonly number[] {
    const { channels } = this.options;
    return typeof channels === 'number' ? [channels] : channels;
  }

  override get widths(): Widths {
    const { channels } = this.options;
    return { in: typeof channels === 'number' ? channels : channels.at(-1), isKept: true };
  }

  /** Scale and shift as tensors [channels]. */
  protected get affine(): { readonly scale: Tensor; readonly shift: Tensor } {
    return { scale: this.#scale.value, shift: this.#shift.value };
  }

  protected requireInput(x: Tensor): void {
    const own = this.#own;
    if (x.rank <= own.length || !sameShape(x.shape.slice(-own.length), own))
      throw new ShapeError({
        operation: this.title,
        expected: `an input of shape [..., ${own.join(', ')}]`,
        actual: shapeText(x.shape),
      });
  }

  protected activated(y: Tensor, pass: Pass): Tensor {
    const { activation } = this.options;
    return activation === undefined ? y : activationNamed(activation)(y, pass);
  }
}
