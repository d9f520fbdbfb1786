import { isGzip } from '../bytes/gzip.ts';
import { readQuantizations, unpackTensor } from '../formats/quantized-tensor.ts';
import { upcast } from '../formats/upcast.ts';
import { type JsonValue, parseJson } from '../json/json.ts';
import { verifyChecksum } from './checksum.ts';
import { decodeSafetensors } from './decode-safetensors.ts';
import { type Check, check, faultIn, faultInOnly } from './faults.ts';
import {
  type DecodedModel,
  format,
  type ModelTensor,
  type StoredFormat,
  specKey,
  specLimits,
  version,
} from './model-file.ts';
import { ModelFileError } from './model-file-error.ts';

const headFields = {
  format: check(format, (value) => value === format),
  version: check('a count from 1', (value) => Number.isSafeInteger(value) && (value as number) >= 1),
};
const allFields = {
  ...headFields,
  spec: check('a value', (value) => value !== undefined),
  quantized: () => undefined,
};

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

  requireFields(faultIn, description, headFields, source);
  if ((description.version as number) > version) {
    throw new ModelFileError({
      operation: 'decodeModel',
      source,
      expected: `a model file of version ${version}`,
      actual: `version ${description.version}`,
      remedy: 'Upgrade the @funhash packages to read it.',
    });
  }
  verifyChecksum(bytes, source);
  requireFields(faultInOnly, description, allFields, source);
  const { spec, quantized } = description;

  const quantizations = quantized === undefined ? undefined : readQuantizations(quantized, stored, source);
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

function requireFields(
  faultOf: typeof faultIn,
  description: JsonValue,
  fields: Readonly<Record<string, Check>>,
  source: string,
): asserts description is { readonly [name: string]: JsonValue } {
  const fault = faultOf(description, fields);
  if (!fault) return;
  const { expected, actual } = fault;
  throw new ModelFileError({
    operation: 'decodeModel',
    source,
    expected: `${expected} of the network description`,
    actual,
  });
}
