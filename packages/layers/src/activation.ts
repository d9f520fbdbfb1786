import type { Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from './activations.ts';
import type { Pass } from './layer.ts';
import type { LayerReader } from './model-file/layer-reader.ts';
import { type LayerSpec, Module } from './module.ts';

/** An elementwise activation as a layer of its own. */
export class Activation extends Module {
  static readonly type = 'activation';
  readonly activation: ActivationName;

  constructor(activation: ActivationName) {
    super();
    activationNamed(activation);
    this.activation = activation;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return activationNamed(this.activation)(x, pass);
  }

  get spec(): LayerSpec {
    return { type: Activation.type, activation: this.activation };
  }

  static fromSpec(reader: LayerReader): Activation {
    return new Activation(reader.text('activation') as ActivationName);
  }
}
