import { checkOptions, crc32, type OptionsOf, quoted, requireBytes } from '@funhash/hashing';
import { mostUnpacked } from '../../bytes/byte-limit.ts';
import { tensorDecoders } from '../../formats/decoders.ts';
import type { TensorDecoder } from '../../formats/tensor-codec.ts';
import { type JsonValue, parseJson } from '../../json/json.ts';
import { decodeRules } from '../decode-rules.ts';
import { decodedTensors } from '../decoded-tensors.ts';
import { type DecodedModel, specLimits } from '../model-file.ts';
import { ModelFileError, type ModelFileErrorDetails } from '../model-file-error.ts';
import { arrayOf, dtypes, elementCount, type StoredTensor } from '../safetensors.ts';
import { BitReader } from './bit-port.ts';
import { areExtents, flags, headBytes, isCompact, limits, magic, placeOfHalf } from './compact-file.ts';
import { Numbers, Texts } from './transfer.ts';

type Refuse = (expected: string, actual: string, details?: Partial<ModelFileErrorDetails>) => never;

/** A tensor as the text announces it: its size is checked, nothing of it is read. */
interface Announced {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** What codes levels. */
  readonly codec?: TensorDecoder;
  readonly dtype: StoredTensor['dtype'];
  /** What the format of the bytes says, where they have one. */
  readonly entry?: { readonly [field: string]: JsonValue };
}

const again = 'Get the whole file again: it was damaged or cut short.';

/**
 * The network in a compact file. It is taken for hostile: sizes are compared with what so few bytes can hold before memory is taken.
 *
 * @throws ModelFileError for a file that is none, is of a newer version, was damaged, or is too large
 */
export function decodeCompact(file: Uint8Array, options: OptionsOf<typeof decodeRules> = {}): DecodedModel {
  checkOptions('decodeCompact', decodeRules, options);
  const bytes = requireBytes('decodeCompact', 'a file', file);
  const { source = 'bytes in memory' } = options;
  const refuse: Refuse = (expected, actual, details) => {
    throw new ModelFileError({ operation: 'decodeCompact', expected, actual, source, ...details });
  };
  if (!isCompact(bytes)) refuse('a compact model file', 'other bytes', { byteOffset: 0 });
  if (bytes[3] !== magic[3])
    refuse(`a compact file of version ${magic[3]}`, `version ${bytes[3]}`, {
      byteOffset: 3,
      remedy: 'Upgrade the @funhash packages to read it.',
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const code = bytes.subarray(headBytes);
  if (bytes.length < headBytes || view.getUint32(4, true) !== crc32(code))
    refuse('the checksum of the bytes behind it', 'another', { byteOffset: 4, remedy: again });

  const port = new BitReader(code, () => refuse('more bytes', 'the end of the file', { remedy: again }));
  const { spec, tensors: lines } = described(textOf(port, refuse), refuse);
  const known = { ...tensorDecoders, ...options.formats };
  const announced = lines.map((line) => announcedIn(line, Object.values(known), refuse));
  const maxBytes = Math.max(options.maxBytes ?? 0, mostUnpacked(bytes.length));
  checkSizes(announced, code.length, maxBytes, refuse);

  const stored = new Map<string, StoredTensor>();
  const leveled: [string, NonNullable<ReturnType<DecodedModel['tensors']['get']>>][] = [];
  const numbers = new Numbers();
  let lastStep = 0;
  for (const { name, shape, count, codec, dtype } of announced) {
    if (codec) {
      const step = numbers.flag(port, flags.sameStep, false) ? lastStep : numberIn(port, numbers);
      if (!(step > 0 && step < Infinity)) refuse('a step above 0', `${step}`, { tensor: name });
      const levels = new Int32Array(count);
      numbers.levels(port, levels);
      const data = codec.valuesOf?.(levels, step, (expected, actual) =>
        refuse(expected, actual, { tensor: name }),
      );
      if (data) leveled.push([name, { dtype: codec.id.toUpperCase(), shape, data }]);
      continue;
    }
    const data = new arrayOf[dtype](
      new ArrayBuffer(count * arrayOf[dtype].BYTES_PER_ELEMENT),
    ) as StoredTensor['data'];
    readBytes(port, numbers, dtype, new Uint8Array(data.buffer));
    if (dtype === 'F32' && count === 1) lastStep = data[0] as number;
    stored.set(name, { dtype, shape, data } as StoredTensor);
  }
  if (port.left > 0) refuse('the end of the file', `${port.left} more bytes`);
  const entries: Record<'quantized' | 'formats', Record<string, JsonValue>> = { quantized: {}, formats: {} };
  for (const { name, entry } of announced)
    if (entry)
      Object.defineProperty(entries['format' in entry ? 'formats' : 'quantized'], name, {
        value: entry,
        enumerable: true,
      });
  const plain = decodedTensors(entries, stored, known, { source, maxBytes });
  const all = new Map([...plain, ...leveled]);
  return { spec, tensors: new Map(announced.map(({ name }) => [name, all.get(name) as never])) };
}

function textOf(port: BitReader, refuse: Refuse): string {
  try {
    return Texts.code(port, '', limits.text, () =>
      refuse(`a description of at most ${limits.text} bytes`, 'a longer one'),
    );
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    return refuse('a description in UTF-8', 'other bytes');
  }
}

function described(text: string, refuse: Refuse): { spec: JsonValue; tensors: readonly JsonValue[] } {
  const description = parseJson(text, specLimits, (position, expected, actual) =>
    refuse(`${expected} at character ${position} of the description`, actual),
  );
  const fields = isObject(description) ? Object.keys(description).join() : '';
  const { spec, tensors } = description as { spec: JsonValue; tensors: JsonValue };
  if (fields !== 'spec,tensors' || !Array.isArray(tensors) || tensors.length > limits.tensors)
    return refuse(`spec and at most ${limits.tensors} tensors in the description`, 'something else');
  return { spec, tensors };
}

function announcedIn(line: JsonValue, known: readonly TensorDecoder[], refuse: Refuse): Announced {
  const [name, format, ...shape] = Array.isArray(line) ? line : [];
  if (typeof name !== 'string') return refuse('the name of a tensor', 'something else');
  const count = areExtents(shape) ? elementCount(shape) : undefined;
  if (count === undefined || !areExtents(shape))
    return refuse('extents of at most 2^53 − 1 elements', 'something else', { tensor: name });
  const common = { name, shape, count };
  if (isObject(format)) return { ...common, dtype: 'U8', entry: format };
  const dtype = dtypes.find((each) => each === format);
  if (dtype) return { ...common, dtype };
  const codec = known.find(({ id, valuesOf }) => valuesOf && id === format);
  if (codec) return { ...common, codec, dtype: 'F32' };
  return refuse('a known format', typeof format === 'string' ? quoted(format) : 'none', { tensor: name });
}

const isObject = (value: JsonValue | undefined): value is { readonly [field: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Refuses what so few bytes cannot hold, and what is more than a reader allows. */
function checkSizes(announced: readonly Announced[], length: number, maxBytes: number, refuse: Refuse): void {
  const names = new Set<string>();
  let [levels, bytes] = [0, 0];
  for (const { name, count, codec, dtype } of announced) {
    if (names.has(name)) refuse('names that differ', 'one twice', { tensor: name });
    names.add(name);
    if (codec) levels += count;
    else bytes += count * arrayOf[dtype].BYTES_PER_ELEMENT;
    // A last byte is one that need not be there.
    const [mostLevels, mostBytes] = [limits.levelsPerByte * (length + 4), limits.bytesPerByte * (length + 4)];
    if (levels > mostLevels || bytes > mostBytes)
      refuse(`at most ${mostLevels} levels and ${mostBytes} bytes in ${length} bytes`, 'more', {
        tensor: name,
      });
    if (4 * levels + bytes > maxBytes)
      refuse(`at most ${maxBytes} bytes of values (maxBytes)`, 'more', { tensor: name });
  }
}

function numberIn(port: BitReader, numbers: Numbers): number {
  const bytes = new Uint8Array(4);
  numbers.bytes(port, bytes, 4);
  return new Float32Array(bytes.buffer)[0] as number;
}

function readBytes(port: BitReader, numbers: Numbers, dtype: StoredTensor['dtype'], bytes: Uint8Array): void {
  if (dtype !== 'F32' || !numbers.flag(port, flags.halves, false)) {
    numbers.bytes(port, bytes, arrayOf[dtype].BYTES_PER_ELEMENT);
    return;
  }
  const halves = new Uint8Array(bytes.length / 2);
  numbers.bytes(port, halves, 2);
  for (const [k, byte] of halves.entries()) bytes[placeOfHalf(k)] = byte;
}
