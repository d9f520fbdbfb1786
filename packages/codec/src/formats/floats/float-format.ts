import type { Dtype, StoredTensor } from '../../container/safetensors.ts';
import { beyondRange } from '../range.ts';
import type { RealArray, TensorCodec } from '../tensor-codec.ts';

interface FloatFormat<Id extends string> extends Pick<TensorCodec, 'lossless' | 'bits'> {
  readonly id: Id;
  /** The dtype of safetensors. */
  readonly native: Dtype;
  /** Half a unit in the last place: of 1, and of the least number above 0. */
  readonly rounding: readonly [relative: number, absolute: number];
  encode(data: RealArray): StoredTensor['data'];
  decode(stored: StoredTensor['data']): Float32Array;
}

/**
 * A floating-point format that safetensors has a dtype for: each value is rounded once, to nearest, ties to even.
 * Infinities and NaN are kept, and a finite value that would become one of them is an ArgumentError.
 */
export function floatFormat<Id extends string>({
  id,
  native,
  rounding: [relative, absolute],
  encode,
  decode,
  ...properties
}: FloatFormat<Id>): TensorCodec & { readonly id: Id } {
  return {
    ...properties,
    id,
    native,
    said: {},
    errorBound: (x) => relative * Math.abs(x) + absolute,
    encode(data, shape) {
      const elements = encode(data);
      if (elements !== data) requireInRange(id, data, decode(elements));
      return { stored: { dtype: native, shape, data: elements } as StoredTensor, said: {} };
    },
    shapeOf: ({ stored }) => stored.shape,
    decode: ({ stored }) => decode(stored.data),
  };
}

function requireInRange(id: string, data: RealArray, rounded: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(rounded[i] as number) && Number.isFinite(data[i] as number)) {
      throw beyondRange(id, data[i], i);
    }
  }
}
