import { ArgumentError } from '@funhash/hashing';
import * as v from 'valibot';
import { compareCodePoints, isWellFormed, type JsonValue, parseJson } from './json.ts';
import { ModelFileError, type ModelFileErrorDetails, quote } from './model-file-error.ts';

/** Element formats of a safetensors file that are read and written here, in the order of their data in a file. */
export const dtypes = ['F64', 'F32', 'I32', 'BF16', 'F16', 'U8'] as const;
export type Dtype = (typeof dtypes)[number];

interface DtypeArrays {
  F64: Float64Array;
  F32: Float32Array;
  I32: Int32Array;
  /** Bit patterns: see `decodeBfloat16`. */
  BF16: Uint16Array;
  /** Bit patterns: see `decodeFloat16`. */
  F16: Uint16Array;
  U8: Uint8Array;
}

/** A tensor as it lies in a file: row-major elements of `shape`; `[]` is one scalar. */
export type StoredTensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: DtypeArrays[D] };
}[Dtype];

/** Names to values. A plain object serves, a map has no trouble with names such as `__proto__`. */
export type Named<T> = Readonly<Record<string, T>> | ReadonlyMap<string, T>;

/** The content of a safetensors file. */
export interface Safetensors {
  /** In the order of their data in the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The ceilings of `decodeSafetensors`. */
export const safetensorsLimits = { maxHeaderBytes: 2 ** 24, maxValues: 2 ** 17, maxRank: 64 } as const;

const metadataKey = '__metadata__';
interface ElementArray {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): StoredTensor['data'];
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}
const arrayOf: Readonly<Record<Dtype, ElementArray>> = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U8: Uint8Array,
};

const count = v.pipe(
  v.number(),
  v.safeInteger(),
  v.minValue(0),
  v.check((n) => !Object.is(n, -0), 'Expected 0 without a sign'),
);
export const shapeSchema = v.pipe(v.array(count), v.maxLength(safetensorsLimits.maxRank));
const tensorEntry = v.strictObject({
  dtype: v.picklist(dtypes),
  shape: shapeSchema,
  data_offsets: v.strictTuple([count, count]),
});

/**
 * A safetensors file: 8 bytes of header length (little-endian), the JSON header padded with spaces to a multiple of
 * 8 bytes, the data. Tensors lie by descending alignment, then by name (the reference order of
 * github.com/huggingface/safetensors), metadata keys are sorted, so equal content gives equal bytes.
 *
 * @throws ArgumentError for data that does not fit its dtype or shape, names that UTF-8 cannot hold, and files that
 * `decodeSafetensors` would refuse.
 */
export function encodeSafetensors(tensors: Named<StoredTensor>, metadata: Named<string> = {}): Uint8Array {
  const sorted = entriesOf(tensors).sort(
    ([a, x], [b, y]) => dtypes.indexOf(x.dtype) - dtypes.indexOf(y.dtype) || compareCodePoints(a, b),
  );
  const parts: string[] = [];
  const texts = entriesOf(metadata).sort(([a], [b]) => compareCodePoints(a, b));
  if (texts.length > 0) {
    for (const [key, text] of texts) checkMetadata(key, text);
    const fields = texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    parts.push(`"${metadataKey}":{${fields.join(',')}}`);
  }
  let end = 0;
  let values = 2 + texts.length;
  for (const [name, tensor] of sorted) {
    checkTensor(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    values += 6 + tensor.shape.length;
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const header = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const { maxHeaderBytes, maxValues } = safetensorsLimits;
  if (headerLength > maxHeaderBytes || values > maxValues) {
    refuseArgument(
      `a header of at most ${maxHeaderBytes} bytes and ${maxValues} JSON values`,
      `${headerLength} and ${values}`,
    );
  }

  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setUint32(0, headerLength, true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, 8 + headerLength);
  let at = 8 + headerLength;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function entriesOf<T>(named: Named<T>): [string, T][] {
  return named instanceof Map ? [...named.entries()] : Object.entries(named);
}

function checkMetadata(key: string, text: unknown): void {
  if (typeof text !== 'string') refuseArgument(`a string for metadata ${quote(key)}`, typeof text);
  else if (!isWellFormed(key) || !isWellFormed(text)) {
    refuseArgument('metadata without lone surrogates', `metadata ${quote(key)}`);
  }
}

function checkTensor(name: string, { dtype, shape, data }: StoredTensor): void {
  const label = `tensor ${quote(name)}`;
  if (name === metadataKey) refuseArgument('another tensor name', `the reserved ${metadataKey}`);
  if (!isWellFormed(name)) refuseArgument('a name without lone surrogates', label);
  if (!dtypes.includes(dtype))
    refuseArgument(`a dtype of ${dtypes.join(', ')}`, `${String(dtype)} for ${label}`);
  if (!(data instanceof arrayOf[dtype])) {
    refuseArgument(`a ${arrayOf[dtype].name} for dtype ${dtype}`, `another type of data for ${label}`);
  }
  checkShape(label, shape, data.length);
}

/** @throws ArgumentError for a shape that no tensor of so many elements can have */
export function checkShape(label: string, shape: readonly number[], length: number): void {
  const { maxRank } = safetensorsLimits;
  if (shape.length > maxRank) refuseArgument(`at most ${maxRank} dimensions`, `${shape.length} of ${label}`);
  if (!shape.every((n) => v.is(count, n)) || elementCount(shape) !== length) {
    refuseArgument(`data of shape [${shape.join(', ')}]`, `${length} elements for ${label}`);
  }
}

function refuseArgument(expected: string, actual: string): never {
  throw new ArgumentError({ operation: 'encodeSafetensors', expected, actual });
}

/** The product of a shape, or undefined when it or a partial product is beyond 2^53 − 1. */
export function elementCount(shape: readonly number[]): number | undefined {
  let product = 1;
  for (const n of shape) {
    product *= n;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return product;
}

/**
 * The tensors and metadata of a safetensors file. Tensors whose data is aligned are views of `bytes`, the others
 * copies: do not change `bytes` while using them. The file is taken as hostile: nothing in it is believed before it
 * is checked, and array memory stays within the size of the file.
 *
 * @param options.source the name of the file in errors, default `bytes in memory`
 * @throws ModelFileError with the byte offset or the tensor, for anything that the format or `safetensorsLimits`
 * forbids, and for dtypes other than `dtypes`
 */
export function decodeSafetensors(bytes: Uint8Array, options: { source?: string } = {}): Safetensors {
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
    if (typeof text !== 'string') return refuse(`a string for metadata ${quote(key)}`, describe(text), {});
    metadata.set(key, text);
  }
  return metadata;
}

function describe(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

function readEntry(name: string, value: JsonValue, refuse: Refusal): Entry {
  const parsed = v.safeParse(tensorEntry, value, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const actual = typeof issue.input === 'string' ? quote(issue.input) : issue.received;
    const path = v.getDotPath(issue) ?? 'the entry';
    return refuse(`${issue.expected ?? issue.message} at ${path}`, actual, {
      tensor: name,
      remedy: `Readable dtypes are ${dtypes.join(', ')}; convert others before saving.`,
    });
  }
  const { dtype, shape, data_offsets } = parsed.output;
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
