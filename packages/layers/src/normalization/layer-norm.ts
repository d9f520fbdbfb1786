import { layerNorm } from '@funhash/autodiff';
import type { Tensor } from '@funhash/tensor';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { Normalization, type NormalizationOptions, normalizationOptions } from './normalization.ts';

export type LayerNormOptions = NormalizationOptions;

/**
 * Normalisation of each example along its last axis, in training and inference alike: x [..., channels].
 *
 *     y = activation(scale · (x − mean) / √(variance + epsilon) + shift)
 *
 * Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450.
 */
export class LayerNorm extends Normalization<LayerNormOptions> {
  static override readonly type: string = 'layerNorm';
  static override readonly options = normalizationOptions;
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
