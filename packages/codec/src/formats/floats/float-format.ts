import type { Dtype, StoredTensor } from '../../container/safetensors.ts';
import type { EncodedTensor, TensorDecoder } from '../tensor-codec.ts';

interface FloatFormat<Id extends string> extends Pick<TensorDecoder, 'lossless' | 'bits'> {
  readonly id: Id;
  /** The dtype of safetensors. */
  readonly native: Dtype;
  decode(stored: StoredTensor['data']): Float32Array;
}

/** A format that needs nothing but the tensor. */
export type NativeFormat<Id extends string = string> = TensorDecoder & {
  readonly id: Id;
  readonly native: Dtype;
  decode(encoded: EncodedTensor): Float32Array;
};

/** A floating-point format that safetensors has a dtype for: its tensors say all about themselves. */
export function floatFormat<Id extends string>({ decode, ...properties }: FloatFormat<Id>): NativeFormat<Id> {
  return {
    ...properties,
    said: {},
    shapeOf: ({ stored }) => stored.shape,
    decode: ({ stored }: EncodedTensor) => decode(stored.data),
  };
}
