import { ArgumentError, bytesOf, quoted } from '@funhash/hashing';
import { formatOf, type StorageChoice } from '../formats/storage-formats.ts';
import type { EncodedTensor, RealArray, TensorCodec } from '../formats/tensor-codec.ts';
import { checkShape } from './encode-safetensors.ts';
import type { Model, ModelTensor } from './model-file.ts';
import type { Named, StoredTensor } from './safetensors.ts';

/** A tensor of a model on its way into a file. */
export interface TensorToStore {
  readonly name: string;
  readonly shape: readonly number[];
  /** The format it shall have; none: as it is. */
  readonly codec: TensorCodec | undefined;
  /** Real numbers, where it has a format. */
  readonly real: RealArray;
  /** It as it is. */
  tensor(): StoredTensor;
  encode(codec: TensorCodec): EncodedTensor;
}

/**
 * The tensors of a model, each with its format in a file.
 *
 * @throws ArgumentError for data that does not fit its shape, an unknown format
 */
export function* storedTensors({
  tensors,
  storeAs,
}: Pick<Model, 'tensors'> & { readonly storeAs?: StorageChoice }): Generator<TensorToStore> {
  for (const [name, { shape, data }] of pairsOf(tensors)) {
    const chosen = typeof storeAs === 'function' ? storeAs(name, shape) : storeAs;
    const isReal = data instanceof Float32Array || data instanceof Float64Array;
    const codec = chosen === undefined ? undefined : formatOf(chosen);
    const real = data as RealArray;
    if (isReal && codec) checkShape(`tensor ${quoted(name)}`, shape, data.length);
    yield {
      ...{ name, shape, real },
      codec: isReal ? codec : undefined,
      tensor: () => asItIs(name, { shape, data }),
      encode: (by) => by.encode(real, shape),
    };
  }
}

function pairsOf<T>(named: Named<T>): Iterable<[string, T]> {
  return named instanceof Map ? named : Object.entries(named);
}

function asItIs(name: string, { shape, data }: ModelTensor): StoredTensor {
  if (data instanceof Float32Array) return { dtype: 'F32', shape, data };
  if (data instanceof Float64Array) return { dtype: 'F64', shape, data };
  if (data instanceof Int32Array) return { dtype: 'I32', shape, data };
  const bytes = bytesOf(data);
  if (bytes) return { dtype: 'U8', shape, data: bytes };
  throw new ArgumentError({
    operation: 'encodeModel',
    expected: 'a Float64Array, Float32Array, Int32Array or Uint8Array',
    actual: `another type of data for tensor ${quoted(name)}`,
  });
}
