import { dequantize, quantize } from '@funhash/codec';
import { option } from '@funhash/hashing';
import type { Network } from '../network.ts';

const bits = { i2: 2, i3: 3, i4: 4, i5: 5, i6: 6, i7: 7, i8: 8 } as const;

export type Stored = 'f32' | keyof typeof bits | undefined;

export const storedRules = {
  /**
   * How stored values lie in the file. Default `f32`: as they are, and values that are multiples of a step, such as those of
   * a model file of codes, as codes. `i2` to `i8`: arrays of at least 64 values are rounded to codes of so many bits, each to a
   * scale of its own.
   */
  storeAs: option.oneOf(['f32', ...(Object.keys(bits) as (keyof typeof bits)[])]),
} as const;

/** Arrays of fewer values are biases and the like: what rounding them would save is less than it would harm. */
const fewest = 64;

/** A network with stored values rounded to codes. */
export function storedAs(network: Network, storeAs: Stored): Network {
  if (storeAs === undefined || storeAs === 'f32') return network;
  const buffers = network.buffers.map((buffer) => {
    const { values } = buffer;
    if (!(values instanceof Float32Array) || values.length < fewest) return buffer;
    const { codes, scale } = quantize(values, bits[storeAs]);
    // As an f32, so that every form of export has the same products.
    return { ...buffer, values: dequantize({ codes, scale: Math.fround(scale) }) };
  });
  return { ...network, buffers };
}
