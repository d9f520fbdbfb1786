import { checkOptions, type OptionsOf, option, quoted } from '@funhash/hashing';
import { compareCodePoints, type JsonValue, parseJson } from '../json/json.ts';
import { check, faultInOnly } from './faults.ts';
import { ModelFileError, type ModelFileErrorDetails } from './model-file-error.ts';
import {
  arrayOf,
  type Dtype,
  dtypes,
  elementCount,
  isCount,
  isShape,
  metadataKey,
  type Safetensors,
  type StoredTensor,
  safetensorsLimits,
} from './safetensors.ts';

const rules = {
  /** The name of the file in errors. Default `bytes in memory`. */
  source: option.text(),
};

/**
 * The tensors and metadata of a safetensors file. Tensors whose data is aligned are views of `bytes`, the others
 * copies: do not change `bytes` while using them. The file is taken as hostile: nothing in it is believed before it
 * is checked, and array memory stays within the size of the file.
 *
 * @throws ModelFileError with the byte offset or the tensor, for anything that the format or `safetensorsLimits`
 * forbids, and for dtypes other than `dtypes`
 */
export function decodeSafetensors(bytes: Uint8Array, options: OptionsOf<typeof rules> = {}): Safetensors {
  checkOptions('decodeSafetensors', rules, options);
  const source = options.source ?? 'bytes in memory';
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse: Refusal = (expected, actual, details) => {
    throw new ModelFileError({ operation: 'decodeSafetensors', expected, actual, source, ...details });
  };

  const dataStart = 8 + headerLengthOf(file, refuse);
  const header = readHeader(file.slice(8, dataStart), refuse);
  let metadata: ReadonlyMap<string, string> = new Map();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) metadata = readMetadata(value, refuse);
    else entries.push(readEntry(name, value, refuse));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end || compareCodePoints(a.name, b.name));
  checkTiling(entries, dataStart, file.length, refuse);

  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, {
      dtype,
      shape,
      data: elementsOf(file, dtype, dataStart + begin, dataStart + end),
    } as StoredTensor);
  }
  return { tensors, metadata };
}

type Refusal = (
  expected: string,
  actual: string,
  details: Pick<ModelFileErrorDetails, 'byteOffset' | 'tensor' | 'remedy'>,
) => never;

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

const wholeFile = 'Get the whole file again: it seems cut short, or is not a safetensors file.';

function headerLengthOf(file: Uint8Array, refuse: Refusal): number {
  if (file.length < 8) {
    return refuse('at least 8 bytes', `${file.length}`, { byteOffset: file.length, remedy: wholeFile });
  }
  const view = new DataView(file.buffer, file.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const most = Math.min(safetensorsLimits.maxHeaderBytes, file.length - 8);
  if (length > most) {
    return refuse(`a header of at most ${most} bytes`, `${length}`, { byteOffset: 0, remedy: wholeFile });
  }
  return length;
}

function readHeader(bytes: Uint8Array, refuse: Refusal): { readonly [key: string]: JsonValue } {
  if (bytes[0] !== 0x7b)
    refuse('a header that starts with "{"', `byte ${bytes[0]}`, { byteOffset: 8, remedy: wholeFile });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('a header in UTF-8', 'an invalid byte sequence', { byteOffset: 8, remedy: wholeFile });
  }
  const limits = { maxDepth: 3, maxValues: safetensorsLimits.maxValues };
  return parseJson(text, limits, (position, expected, actual) => {
    const byteOffset = 8 + new TextEncoder().encode(text.slice(0, position)).length;
    return refuse(`${expected} in the header`, actual, { byteOffset });
  }) as { readonly [key: string]: JsonValue };
}

function readMetadata(value: JsonValue, refuse: Refusal): ReadonlyMap<string, string> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return refuse(`an object under ${metadataKey}`, describe(value), {});
  }
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return refuse(`a string for metadata ${quoted(key)}`, describe(text), {});
    metadata.set(key, text);
  }
  return metadata;
}

function describe(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

interface EntryFields {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const entryFields = {
  dtype: check(`one of ${dtypes.join(', ')}`, (dtype) => dtypes.includes(dtype as Dtype)),
  shape: isShape,
  data_offsets: check(
    'two counts',
    (offsets) => Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount),
  ),
};

function readEntry(name: string, value: JsonValue, refuse: Refusal): Entry {
  const fault = faultInOnly(value, entryFields);
  if (fault)
    return refuse(fault.expected, fault.actual, {
      tensor: name,
      remedy: `Readable dtypes are ${dtypes.join(', ')}; convert others before saving.`,
    });
  const { dtype, shape, data_offsets } = value as unknown as EntryFields;
  const [begin, end] = data_offsets;
  const elements = elementCount(shape);
  const byteCount = (elements ?? Number.NaN) * arrayOf[dtype].BYTES_PER_ELEMENT;
  if (end - begin !== byteCount) {
    const expected = elements === undefined ? 'a shape of fewer than 2^53 elements' : `${byteCount} bytes`;
    return refuse(`${expected} for ${dtype} [${shape.join(', ')}]`, `data offsets [${begin}, ${end}]`, {
      tensor: name,
    });
  }
  return { name, dtype, shape, begin, end };
}

function checkTiling(
  entries: readonly Entry[],
  dataStart: number,
  fileLength: number,
  refuse: Refusal,
): void {
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const fault = entry.begin < end ? 'an overlap' : 'a hole';
      refuse(`data from offset ${end} on`, `${fault}: offset ${entry.begin}`, {
        byteOffset: dataStart + entry.begin,
        tensor: entry.name,
      });
    }
    end = entry.end;
  }
  if (dataStart + end !== fileLength) {
    refuse(`a file of ${dataStart + end} bytes`, `${fileLength} bytes`, {
      byteOffset: Math.min(dataStart + end, fileLength),
      remedy: wholeFile,
    });
  }
}

function elementsOf(file: Uint8Array, dtype: Dtype, begin: number, end: number): StoredTensor['data'] {
  const ArrayType = arrayOf[dtype];
  const elements = (end - begin) / ArrayType.BYTES_PER_ELEMENT;
  const position = file.byteOffset + begin;
  return position % ArrayType.BYTES_PER_ELEMENT === 0
    ? new ArrayType(file.buffer, position, elements)
    : new ArrayType(file.slice(begin, end).buffer);
}
