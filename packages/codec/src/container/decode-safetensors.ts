import { checkOptions, type OptionsOf, option, quoted, requireBytes } from '@funhash/hashing';
import { compareCodePoints, type JsonValue, visitMembers } from '../json/json.ts';
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
  const given = requireBytes('decodeSafetensors', 'a file', bytes);
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const { metadata, entries, dataStart } = headerIn('decodeSafetensors', source, file.length, (length) =>
    file.subarray(0, length),
  );

  const tensors = new Map<string, StoredTensor>();
  const elements = elementsIn(file, entries, dataStart);
  for (const [k, { name, dtype, shape }] of entries.entries())
    tensors.set(name, { dtype, shape, data: elements[k] } as StoredTensor);
  return { tensors, metadata };
}

/** The header of a safetensors file, with entries in the order of their data, checked against the length of the file. */
export function headerIn(
  operation: string,
  source: string,
  fileLength: number,
  first: (length: number) => Uint8Array,
): Header & { readonly dataStart: number } {
  const refuse: Refusal = (expected, actual, details) => {
    throw new ModelFileError({ operation, expected, actual, source, ...details });
  };
  const dataStart = 8 + headerLengthOf(first(Math.min(fileLength, 8)), fileLength, refuse);
  const { metadata, entries } = readHeader(first(dataStart).subarray(8), refuse);
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end || compareCodePoints(a.name, b.name));
  checkTiling(entries, dataStart, fileLength, refuse);
  return { metadata, entries, dataStart };
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

/**
 * The length of a file by its first bytes, whose header says it; undefined where they are too few, null where they are
 * other content than a safetensors file of at most `known` bytes.
 *
 * @throws ModelFileError for a header that is damaged
 */
export function fileLengthIn(first: Uint8Array, known: number, source: string): number | undefined | null {
  if (known < 9) return null;
  if (first.length < 9) return undefined;
  const length = statedLength(first);
  if (first[8] !== 0x7b || length > Math.min(safetensorsLimits.maxHeaderBytes, known - 8)) return null;
  if (first.length < 8 + length) return undefined;
  const { entries } = readHeader(first.subarray(8, 8 + length), (expected, actual, details) => {
    throw new ModelFileError({ operation: 'decodeSafetensors', expected, actual, source, ...details });
  });
  return entries.reduce((most, { end }) => Math.max(most, 8 + length + end), 8 + length);
}

function statedLength(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

function headerLengthOf(first: Uint8Array, fileLength: number, refuse: Refusal): number {
  if (fileLength < 8) {
    return refuse('at least 8 bytes', `${fileLength}`, { byteOffset: fileLength, remedy: wholeFile });
  }
  const length = statedLength(first);
  const most = Math.min(safetensorsLimits.maxHeaderBytes, fileLength - 8);
  if (length > most) {
    return refuse(`a header of at most ${most} bytes`, `${length}`, { byteOffset: 0, remedy: wholeFile });
  }
  return length;
}

interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  readonly entries: Entry[];
}

const { maxTensors, maxMetadata, maxRank } = safetensorsLimits;
/** An entry has five values and those of its shape. One more, so that a longer one is refused for what it holds. */
const entryLimits = { maxDepth: 3, maxValues: 8 + 2 * maxRank };
const metadataLimits = { maxDepth: 3, maxValues: 1 + maxMetadata };

function readHeader(bytes: Uint8Array, refuse: Refusal): Header {
  if (bytes[0] !== 0x7b)
    refuse('a header that starts with "{"', `byte ${bytes[0]}`, { byteOffset: 8, remedy: wholeFile });
  // Decoders of text take no shared memory.
  const owned = bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice();
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(owned);
  } catch {
    return refuse('a header in UTF-8', 'an invalid byte sequence', { byteOffset: 8, remedy: wholeFile });
  }
  let metadata: ReadonlyMap<string, string> = new Map();
  const entries: Entry[] = [];
  visitMembers(
    text,
    (name) => (name === metadataKey ? metadataLimits : entryLimits),
    (position, expected, actual) => {
      const byteOffset = 8 + new TextEncoder().encode(text.slice(0, position)).length;
      return refuse(`${expected} in the header`, actual, { byteOffset });
    },
    (name, value) => {
      if (name === metadataKey) metadata = readMetadata(value, refuse);
      else if (entries.push(readEntry(name, value, refuse)) > maxTensors)
        refuse(`at most ${maxTensors} tensors`, 'more', { tensor: name });
    },
  );
  return { metadata, entries };
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
  // A list that grew while it was read has room for more.
  return { name, dtype, shape: shape.slice(), begin, end };
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

/** Views of the file where that is aligned, else of one copy of all that is not. */
function elementsIn(file: Uint8Array, entries: readonly Entry[], dataStart: number): StoredTensor['data'][] {
  const placeOf = ({ begin }: Entry): number => file.byteOffset + dataStart + begin;
  const isAligned = (entry: Entry): boolean => placeOf(entry) % arrayOf[entry.dtype].BYTES_PER_ELEMENT === 0;
  const next = (at: number, { dtype }: Entry): number => {
    const width = arrayOf[dtype].BYTES_PER_ELEMENT;
    return Math.ceil(at / width) * width;
  };
  const copied = entries.reduce(
    (at, entry) => (isAligned(entry) ? at : next(at, entry) + entry.end - entry.begin),
    0,
  );
  const copy = new Uint8Array(copied);
  let at = 0;
  return entries.map((entry) => {
    const ArrayType = arrayOf[entry.dtype];
    const elements = (entry.end - entry.begin) / ArrayType.BYTES_PER_ELEMENT;
    if (isAligned(entry)) return new ArrayType(file.buffer, placeOf(entry), elements);
    at = next(at, entry);
    copy.set(file.subarray(dataStart + entry.begin, dataStart + entry.end), at);
    const view = new ArrayType(copy.buffer, at, elements);
    at += entry.end - entry.begin;
    return view;
  });
}
