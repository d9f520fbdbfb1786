import { ArgumentError, joinArrays, quoted } from '@funhash/hashing';
import { compareCodePoints, isWellFormed } from '../json/json.ts';
import {
  arrayOf,
  dtypes,
  elementCount,
  entriesOf,
  isCount,
  type LazyTensor,
  lazy,
  metadataKey,
  type Named,
  type StoredTensor,
  safetensorsLimits,
} from './safetensors.ts';

/**
 * A safetensors file: 8 bytes of header length (little-endian), the JSON header padded with spaces to a multiple of
 * 8 bytes, the data. Tensors lie by descending alignment, then by name (the reference order of
 * github.com/huggingface/safetensors), metadata keys are sorted, so equal content gives equal bytes.
 *
 * @throws ArgumentError for data that does not fit its dtype or shape, names that UTF-8 cannot hold, and files that
 * `decodeSafetensors` would refuse.
 */
export function encodeSafetensors(tensors: Named<StoredTensor>, metadata: Named<string> = {}): Uint8Array {
  const all = entriesOf(tensors).map(([name, tensor]) => [name, lazy(tensor)] as const);
  return joinArrays(Uint8Array, [...safetensorsChunks(new Map(all), metadata)]);
}

/**
 * The bytes of a safetensors file in parts, as `encodeSafetensors` makes them: the header, then each tensor, which is read when it is its turn.
 *
 * @throws ArgumentError as `encodeSafetensors`, of data where it is read
 */
export function* safetensorsChunks(
  tensors: Named<LazyTensor>,
  metadata: Named<string> = {},
): Generator<Uint8Array, void> {
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
  for (const [name, { dtype, shape }] of sorted) {
    checkHead(name, dtype, shape);
    const begin = end;
    end += (elementCount(shape) as number) * arrayOf[dtype].BYTES_PER_ELEMENT;
    const entry = { dtype, shape, data_offsets: [begin, end] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const header = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const { maxHeaderBytes, maxTensors, maxMetadata } = safetensorsLimits;
  if (headerLength > maxHeaderBytes || sorted.length > maxTensors || texts.length > maxMetadata) {
    refuseArgument(
      `a header of at most ${maxHeaderBytes} bytes, ${maxTensors} tensors and ${maxMetadata} metadata`,
      `${headerLength}, ${sorted.length} and ${texts.length}`,
    );
  }
  const start = new Uint8Array(8 + headerLength).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerLength), true);
  start.set(header, 8);
  yield start;
  for (const [name, tensor] of sorted) {
    const data = tensor.read();
    checkData(name, tensor, data);
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

function checkMetadata(key: string, text: unknown): void {
  if (typeof text !== 'string') refuseArgument(`a string for metadata ${quoted(key)}`, typeof text);
  else if (!isWellFormed(key) || !isWellFormed(text)) {
    refuseArgument('metadata without lone surrogates', `metadata ${quoted(key)}`);
  }
}

function checkHead(name: string, dtype: StoredTensor['dtype'], shape: readonly number[]): void {
  const label = `tensor ${quoted(name)}`;
  if (name === metadataKey) refuseArgument('another tensor name', `the reserved ${metadataKey}`);
  if (!isWellFormed(name)) refuseArgument('a name without lone surrogates', label);
  if (!dtypes.includes(dtype))
    refuseArgument(`a dtype of ${dtypes.join(', ')}`, `${String(dtype)} for ${label}`);
  checkShape(label, shape);
}

function checkData(
  name: string,
  { dtype, shape }: Pick<StoredTensor, 'dtype' | 'shape'>,
  data: StoredTensor['data'],
): void {
  const label = `tensor ${quoted(name)}`;
  if (!(data instanceof arrayOf[dtype])) {
    refuseArgument(`a ${arrayOf[dtype].name} for dtype ${dtype}`, `another type of data for ${label}`);
  }
  checkShape(label, shape, data.length);
}

/**
 * Refuses a shape that no tensor, or none of so many elements, can have.
 *
 * @throws ArgumentError
 */
export function checkShape(label: string, shape: readonly number[], length?: number): void {
  const { maxRank } = safetensorsLimits;
  if (shape.length > maxRank) refuseArgument(`at most ${maxRank} dimensions`, `${shape.length} of ${label}`);
  const count = shape.every((n) => isCount(n)) ? elementCount(shape) : undefined;
  if (count === undefined || (length !== undefined && count !== length))
    refuseArgument(`data of shape [${shape.join(', ')}]`, `${length ?? 'no such'} elements for ${label}`);
}

function refuseArgument(expected: string, actual: string): never {
  throw new ArgumentError({ operation: 'encodeSafetensors', expected, actual });
}
