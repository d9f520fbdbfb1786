import { layerNorm } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { Normalization, normalizationOptions } from './normalization.ts';

const isExtent = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 31;

const options = {
  ...normalizationOptions,
  /** Extent of the last axis, or a list with those of the last axes, which are normalised together. */
  channels: layerOption.required(
    layerOption.that<number | readonly number[]>(
      'a whole number ≥ 1, or a list of 1 to 8 of them',
      (value) =>
        Array.isArray(value)
          ? value.length >= 1 && value.length <= 8 && value.every(isExtent)
          : isExtent(value),
    ),
  ),
} as const;

export type LayerNormOptions = OptionsOf<typeof options>;

/**
 * Normalisation of each example along its last axis, or the last axes, in training and inference alike: x [..., channels].
 *
 *     y = activation(scale · (x − mean) / √(variance + epsilon) + shift)
 *
 * Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450.
 */
export class LayerNorm extends Normalization<LayerNormOptions> {
  static override readonly type: string = 'layerNorm';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 5],
    layers: () => [new LayerNorm({ channels: 5, activation: 'sigmoid' })],
  };

  compute(x: Tensor, pass: Pass): Tensor {
    const { epsilon = 1e-5 } = this.options;
    this.requireInput(x);
    return this.activated(layerNorm(x, { ...this.affine, epsilon }), pass);
  }
}
