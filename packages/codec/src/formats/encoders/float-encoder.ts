import type { StoredTensor } from '../../container/safetensors.ts';
import type { NativeFormat } from '../floats/float-format.ts';
import { beyondRange } from '../range.ts';
import type { RealArray, TensorEncoder } from '../tensor-codec.ts';

interface FloatEncoder {
  /** Half a unit in the last place: of 1, and of the least number above 0. */
  readonly rounding: readonly [relative: number, absolute: number];
  encode(data: RealArray): StoredTensor['data'];
}

/**
 * Writing of a format made by `floatFormat`: each value is rounded once, to nearest, ties to even. Infinities and NaN are kept, and a
 * finite value that would become one of them is an ArgumentError.
 */
export function floatEncoder(
  { id, native, decode }: NativeFormat,
  { rounding: [relative, absolute], encode }: FloatEncoder,
): TensorEncoder {
  return {
    errorBound: (x) => relative * Math.abs(x) + absolute,
    encode(data, shape) {
      const elements = encode(data);
      const encoded = { stored: { dtype: native, shape, data: elements } as StoredTensor, said: {} };
      if (elements !== data) requireInRange(id, data, decode(encoded));
      return encoded;
    },
  };
}

function requireInRange(id: string, data: RealArray, rounded: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(rounded[i] as number) && Number.isFinite(data[i] as number)) {
      throw beyondRange(id, data[i], i);
    }
  }
}
