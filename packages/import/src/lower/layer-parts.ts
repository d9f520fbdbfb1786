import type { Module, Weighted, WeightedOptions } from '@funhash/layers';
import { scope, type Tensor, tensor } from '@funhash/tensor';
import type { NumberArray } from '../array.ts';

/** Overwrites values of a layer. */
function assign(
  values: { assign(values: Tensor): void } | undefined,
  array: NumberArray,
  shape: readonly number[],
): void {
  scope(() => values?.assign(tensor(Float32Array.from(array.data), shape)));
}

/** Gives a layer its matrix and bias. */
export function filled<L extends Pick<Weighted<WeightedOptions>, 'weight' | 'bias'>>(
  layer: L,
  weight: NumberArray,
  bias?: NumberArray,
): L {
  const { rows, cols } = layer.weight;
  assign(layer.weight.parameters[0], weight, [rows, cols]);
  if (bias) assign(layer.bias as { assign(values: Tensor): void }, bias, [bias.data.length]);
  return layer;
}

/** Gives a layer values by the names of its parameters and buffers. */
export function withValues(layer: Module, values: Readonly<Record<string, NumberArray>>): Module {
  const held = new Map([...layer.namedParameters(), ...layer.namedBuffers()]);
  for (const [name, array] of Object.entries(values)) {
    const parameter = held.get(name);
    if (parameter) assign(parameter, array, parameter.value.shape);
  }
  return layer;
}
