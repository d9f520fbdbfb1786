import type { OptionsOf } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from './activations.ts';
import { layerOption } from './layer-options.ts';
import { Module } from './module.ts';
import type { Pass } from './pass.ts';
import type { LayerSample } from './sample.ts';
import type { Step } from './steps.ts';
import type { Widths } from './widths.ts';

const options = {
  /** The name of the function. */
  activation: layerOption.required(layerOption.activation()),
} as const;

/** An elementwise activation as a layer of its own. */
export class Activation extends Module<OptionsOf<typeof options>> {
  static override readonly type: string = 'activation';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 5],
    layers: () => [new Activation('gelu'), new Activation('softplus'), new Activation('silu')],
  };

  /** @param activation its name, or `{ activation: name }` */
  constructor(activation: ActivationName | OptionsOf<typeof options>) {
    super(typeof activation === 'object' ? activation : { activation });
  }

  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return activationNamed(this.options.activation)(x, pass);
  }

  override inference(): readonly Step<Module>[] {
    return [{ type: 'activation', name: this.options.activation }];
  }
}
