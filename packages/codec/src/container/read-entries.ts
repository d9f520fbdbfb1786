import { quoted } from '@funhash/hashing';
import type {
  DescriptionField,
  EncodedTensor,
  Said,
  TensorDecoder,
  TensorDecoders,
  TensorRefusal,
} from '../formats/tensor-codec.ts';
import type { JsonValue } from '../json/json.ts';
import { faultInOnly } from './faults.ts';
import { ModelFileError } from './model-file-error.ts';
import { elementCount, type StoredTensor } from './safetensors.ts';

/** A tensor whose format the description states, checked: nothing of it is decoded yet. */
export interface DescribedTensor {
  readonly codec: TensorDecoder;
  readonly encoded: EncodedTensor;
  readonly shape: readonly number[];
}

type Entry = { readonly [field: string]: JsonValue };

const fields: Readonly<
  Record<DescriptionField, { stated: string; idIn(entry: Entry): JsonValue | undefined }>
> = {
  quantized: { stated: 'bits', idIn: ({ bits }) => (typeof bits === 'number' ? `i${bits}` : undefined) },
  formats: { stated: 'format', idIn: ({ format }) => format },
};

/** Any value, which is looked at elsewhere. */
const elsewhere = (): undefined => undefined;

/**
 * Checks what a description says of its tensors, before memory is taken for any of their values.
 *
 * @throws ModelFileError that names the tensor, for a format that is not known too
 */
export function readEntries(
  description: { readonly [field in DescriptionField]?: JsonValue },
  tensors: ReadonlyMap<string, StoredTensor>,
  formats: TensorDecoders,
  { source, maxBytes }: { readonly source: string; readonly maxBytes: number },
): ReadonlyMap<string, DescribedTensor> {
  const described = new Map<string, DescribedTensor>();
  let bytes = 0;
  for (const field of Object.keys(fields) as DescriptionField[]) {
    const entries = description[field];
    if (entries === undefined) continue;
    if (!isObject(entries))
      return refuseFile(source, `an object as "${field}" of the network description`, 'something else');
    const known = Object.values(formats).filter((each) => !each.native && fieldOf(each) === field);
    for (const [name, entry] of Object.entries(entries)) {
      const refuse: TensorRefusal = (expected, actual) => refuseFile(source, expected, actual, name);
      const { stated, idIn } = fields[field];
      if (!isObject(entry)) return refuse(`an object with "${stated}" in "${field}"`, 'something else');
      const id = idIn(entry);
      const codec = known.find((each) => each.id === id);
      if (codec === undefined)
        return refuse(
          `${stated} of a known format: ${known.map((each) => each.id).join(', ') || 'there is none'}`,
          typeof id === 'string' ? quoted(id) : 'none',
        );
      const fault = faultInOnly(
        entry,
        field === 'formats' ? { format: elsewhere, ...codec.said } : codec.said,
      );
      if (fault) refuse(fault.expected, fault.actual);
      const stored = tensors.get(name) ?? refuse('a tensor of that name', 'none');
      if (described.has(name)) refuse('one format for the tensor', 'two');
      const encoded = { stored, said: entry };
      const shape = codec.shapeOf(encoded, refuse);
      bytes += Float32Array.BYTES_PER_ELEMENT * (elementCount(shape) ?? Number.POSITIVE_INFINITY);
      if (bytes > maxBytes)
        refuse(`at most ${maxBytes} bytes of values in tensors with entries (maxBytes)`, 'more');
      described.set(name, { codec, encoded, shape });
    }
  }
  return described;
}

/** The field of a description that has the entries of a format. */
export const fieldOf = ({ field = 'formats' }: TensorDecoder): DescriptionField => field;

/** What a description says of a tensor. */
export function entryOf(codec: TensorDecoder, said: Said): Said {
  return fieldOf(codec) === 'formats' ? { ...said, format: codec.id } : said;
}

function isObject(value: JsonValue): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses a file: throws a ModelFileError. */
export function refuseFile(source: string, expected: string, actual: string, tensor?: string): never {
  throw new ModelFileError({
    operation: 'decodeModel',
    source,
    expected,
    actual,
    ...(tensor !== undefined && { tensor }),
  });
}
