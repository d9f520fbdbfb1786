import type { TensorDecoder, TensorDecoders } from '../formats/tensor-codec.ts';
import type { DecodedModel, ModelTensor, StoredFormat } from './model-file.ts';
import { readEntries, refuseFile } from './read-entries.ts';
import type { StoredTensor } from './safetensors.ts';

/**
 * The values of tensors as they lie in a file, by their dtypes and what the description says of them.
 *
 * @throws ModelFileError that names the tensor
 */
export function decodedTensors(
  description: Parameters<typeof readEntries>[0],
  stored: ReadonlyMap<string, StoredTensor>,
  known: TensorDecoders,
  { source, maxBytes }: { readonly source: string; readonly maxBytes: number },
): DecodedModel['tensors'] {
  const described = readEntries(description, stored, known, { source, maxBytes });
  const tensors = new Map<string, ModelTensor & { readonly dtype: StoredFormat }>();
  for (const [name, tensor] of stored) {
    const entry = described.get(name);
    const codec = entry?.codec ?? nativeFormat(known, tensor);
    const encoded = entry?.encoded ?? { stored: tensor, said: {} };
    const shape = entry?.shape ?? tensor.shape;
    const data =
      codec === undefined
        ? (tensor.data as ModelTensor['data'])
        : codec.decode(encoded, shape, (expected, actual) => refuseFile(source, expected, actual, name));
    tensors.set(name, { dtype: codec?.id.toUpperCase() ?? tensor.dtype, shape, data });
  }
  return tensors;
}

/** The format that a dtype says all about; none for f64 and integers, which are as they are in the file. */
function nativeFormat(formats: TensorDecoders, { dtype }: StoredTensor): TensorDecoder | undefined {
  return Object.values(formats).find(({ native }) => native === dtype);
}
