import { ArgumentError } from '@funhash/hashing';
import * as v from 'valibot';
import { castForStorage, type FloatFormat, type StoredElements, upcast } from './cast-for-storage.ts';
import { blankChecksum, checksumKey, stampChecksum, verifyChecksum } from './checksum.ts';
import { isGzip } from './gzip.ts';
import { canonicalJson, type JsonValue, parseJson } from './json.ts';
import { ModelFileError, quote } from './model-file-error.ts';
import type { CodeBits } from './quantize.ts';
import {
  bitsOf,
  packTensor,
  type QuantizedFormat,
  readQuantizations,
  unpackTensor,
} from './quantized-tensor.ts';
import {
  checkShape,
  type Dtype,
  decodeSafetensors,
  encodeSafetensors,
  type Named,
  type StoredTensor,
} from './safetensors.ts';

/** A tensor of a model in memory: row-major elements of `shape`; `[]` is one scalar. */
export interface ModelTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array | Uint8Array;
}

/** A network: its description and its stored values. */
export interface Model {
  /** Whatever the caller needs to build the network again. */
  readonly spec: JsonValue;
  readonly tensors: Named<ModelTensor>;
}

/**
 * Formats that real numbers can be stored in: floating point, or `i2` to `i8`: codes of so many bits, with a scale for
 * each tensor.
 */
export type StorageFormat = FloatFormat | QuantizedFormat;

/** One format for all tensors, or one for each. */
export type StorageChoice =
  | StorageFormat
  | ((name: string, shape: readonly number[]) => StorageFormat | undefined);

/** The format of a tensor in a file. */
export type StoredFormat = Dtype | `I${CodeBits}`;

/** A network out of a file. */
export interface DecodedModel {
  /** Objects in it have no prototype. */
  readonly spec: JsonValue;
  /** In the order of the file; `dtype` is the format in the file, those below 32 bits arrive as f32 `data`. */
  readonly tensors: ReadonlyMap<string, ModelTensor & { readonly dtype: StoredFormat }>;
}

const format = 'funhash-model';
const version = 1;
const specKey = 'funhash';
const specLimits = { maxDepth: 64, maxValues: 2 ** 17 };

const versionedEnvelope = v.object({
  format: v.literal(format),
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});
const envelope = v.strictObject({
  format: v.literal(format),
  version: v.literal(version),
  spec: v.unknown(),
  quantized: v.optional(v.unknown()),
});

/**
 * A model file: safetensors with the description as JSON text in the metadata, under a checksum of the whole file.
 * Equal models give equal bytes.
 *
 * @param model.storeAs the format of all f32 and f64 tensors in the file, or a function that gives the one of each;
 * default: as they are. Integers stay.
 * @throws ArgumentError for a spec that is not plain JSON, data that does not fit its shape, finite values beyond the
 * range of `storeAs`, infinities and NaN where it quantises
 */
export function encodeModel(model: Model & { readonly storeAs?: StorageChoice }): Uint8Array {
  const { storeAs } = model;
  const stored = new Map<string, StoredTensor>();
  // Without a prototype, so that every name is only a name.
  const quantized: Record<string, JsonValue> = Object.create(null);
  const tensors = model.tensors instanceof Map ? model.tensors : Object.entries(model.tensors);
  for (const [name, { shape, data }] of tensors as Iterable<[string, ModelTensor]>) {
    const format = typeof storeAs === 'function' ? storeAs(name, shape) : storeAs;
    const bits = format === undefined ? undefined : bitsOf(format);
    if (bits !== undefined && (data instanceof Float32Array || data instanceof Float64Array)) {
      checkShape(`tensor ${quote(name)}`, shape, data.length);
      const { tensor, quantization } = packTensor(shape, data, bits);
      stored.set(name, tensor);
      quantized[name] = { ...quantization };
    } else {
      const elements = elementsToStore(name, data, format as FloatFormat | undefined);
      stored.set(name, { shape, ...elements } as StoredTensor);
    }
  }
  const isQuantized = Object.keys(quantized).length > 0;
  const description = canonicalJson(
    { format, version, spec: model.spec, ...(isQuantized && { quantized }) },
    specLimits,
  );
  const bytes = encodeSafetensors(stored, { [specKey]: description, [checksumKey]: blankChecksum });
  stampChecksum(bytes);
  return bytes;
}

function elementsToStore(
  name: string,
  data: ModelTensor['data'],
  storeAs: FloatFormat | undefined,
): StoredElements {
  if (data instanceof Int32Array) return { dtype: 'I32', data };
  if (data instanceof Uint8Array) return { dtype: 'U8', data };
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new ArgumentError({
      operation: 'encodeModel',
      expected: 'a Float64Array, Float32Array, Int32Array or Uint8Array',
      actual: `another type of data for tensor ${quote(name)}`,
    });
  }
  if (storeAs !== undefined) return castForStorage(data, storeAs);
  return { dtype: data instanceof Float32Array ? 'F32' : 'F64', data };
}

/**
 * The network in a model file. Tensors stored in 32 or 64 bits may be views of `bytes`, as in `decodeSafetensors`.
 *
 * @param options.source the name of the file in errors, default `bytes in memory`
 * @throws ModelFileError for a file that is not a model, is of a newer version, or changed by even one bit
 */
export function decodeModel(bytes: Uint8Array, options: { source?: string } = {}): DecodedModel {
  const source = options.source ?? 'bytes in memory';
  if (isGzip(bytes)) {
    throw new ModelFileError({
      operation: 'decodeModel',
      source,
      expected: 'a model file',
      actual: 'a compressed one',
      remedy: 'Inflate it with inflateBytes first.',
    });
  }
  const { tensors: stored, metadata } = decodeSafetensors(bytes, { source });
  const description = readDescription(metadata.get(specKey), source);

  const head = validate(versionedEnvelope, description, source);
  if (head.version > version) {
    throw new ModelFileError({
      operation: 'decodeModel',
      source,
      expected: `a model file of version ${version}`,
      actual: `version ${head.version}`,
      remedy: 'Upgrade the @funhash packages to read it.',
    });
  }
  verifyChecksum(bytes, source);
  const { spec, quantized } = validate(envelope, description, source);

  const quantizations =
    quantized === undefined ? undefined : readQuantizations(quantized as JsonValue, stored, source);
  const tensors = new Map<string, ModelTensor & { readonly dtype: StoredFormat }>();
  for (const [name, tensor] of stored) {
    const quantization = quantizations?.get(name);
    if (quantization === undefined) {
      tensors.set(name, { dtype: tensor.dtype, shape: tensor.shape, data: upcast(tensor) });
    } else {
      const { bits, shape } = quantization;
      const data = unpackTensor(tensor.data as Uint8Array, quantization, name, source);
      tensors.set(name, { dtype: `I${bits}`, shape, data });
    }
  }
  return { spec: spec as JsonValue, tensors };
}

function readDescription(text: string | undefined, source: string): JsonValue {
  if (text === undefined) {
    throw new ModelFileError({
      operation: 'decodeModel',
      source,
      expected: `a network description in the metadata under "${specKey}"`,
      actual: 'none',
      remedy: 'Read safetensors files of other programs with decodeSafetensors.',
    });
  }
  return parseJson(text, specLimits, (position, expected, actual) => {
    throw new ModelFileError({
      operation: 'decodeModel',
      source,
      expected: `${expected} at character ${position} of the network description`,
      actual,
    });
  });
}

function validate<T>(schema: v.GenericSchema<unknown, T>, description: JsonValue, source: string): T {
  const parsed = v.safeParse(schema, description, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new ModelFileError({
    operation: 'decodeModel',
    source,
    expected: `${issue.expected ?? issue.message} at ${v.getDotPath(issue) ?? 'the top'} of the network description`,
    actual: typeof issue.input === 'string' ? quote(issue.input) : issue.received,
  });
}
