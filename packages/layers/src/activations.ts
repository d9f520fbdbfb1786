import {
  binarize,
  byteLevels,
  relu,
  sigmoid,
  silu,
  softplus,
  stochasticBinarize,
  tanh,
} from '@funhash/autodiff';
import { plainElu, plainGelu, plainLeakyRelu } from '@funhash/autodiff/op-parts';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import type { Pass } from './pass.ts';

/** Signs drawn in training, those of `sign` at inference. */
const stochasticSign = (x: Tensor, { training, random }: Pass): Tensor =>
  training ? stochasticBinarize(x, { seed: random.uint32() }) : binarize(x);

/** Activations by the name that options and files use. */
export const activations = {
  relu,
  leakyRelu: plainLeakyRelu,
  elu: plainElu,
  gelu: plainGelu,
  silu,
  sigmoid,
  softplus,
  tanh,
  sign: binarize,
  stochasticSign,
  byte: byteLevels,
} as const;

export type ActivationName = keyof typeof activations;

export function activationNamed(name: string): (x: Tensor, pass: Pass) => Tensor {
  if (!Object.hasOwn(activations, name))
    throw new ArgumentError({
      operation: 'activation',
      expected: `one of ${Object.keys(activations).join(', ')}`,
      actual: name,
    });
  const activation = activations[name as ActivationName];
  // The others take the tensor alone.
  return activation === stochasticSign ? stochasticSign : (x) => (activation as (x: Tensor) => Tensor)(x);
}
