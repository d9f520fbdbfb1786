import {
  binarize,
  byteLevels,
  elu,
  gelu,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';

/** Activations by the name that options and files use. */
export const activations = {
  relu,
  leakyRelu,
  elu,
  gelu,
  silu,
  sigmoid,
  softplus,
  tanh,
  sign: binarize,
  byte: byteLevels,
} as const;

export type ActivationName = keyof typeof activations;

export function activationNamed(name: string): (x: Tensor) => Tensor {
  if (!Object.hasOwn(activations, name))
    throw new ArgumentError({
      operation: 'activation',
      expected: `one of ${Object.keys(activations).join(', ')}`,
      actual: name,
    });
  return activations[name as ActivationName];
}
