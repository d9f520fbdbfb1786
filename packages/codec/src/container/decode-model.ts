import { checkOptions, type OptionsOf, requireBytes } from '@funhash/hashing';
import { mostUnpacked } from '../bytes/byte-limit.ts';
import { isGzip } from '../bytes/gzip.ts';
import { tensorDecoders } from '../formats/decoders.ts';
import { type JsonValue, parseJson } from '../json/json.ts';
import { verifyChecksum } from './checksum.ts';
import { decodeRules } from './decode-rules.ts';
import { decodeSafetensors } from './decode-safetensors.ts';
import { decodedTensors } from './decoded-tensors.ts';
import { type Check, check, faultIn, faultInOnly } from './faults.ts';
import { type DecodedModel, format, specKey, specLimits, version } from './model-file.ts';
import { ModelFileError } from './model-file-error.ts';

const headFields = {
  format: check(format, (value) => value === format),
  version: check('a count from 1', (value) => Number.isSafeInteger(value) && (value as number) >= 1),
};
const allFields = {
  ...headFields,
  spec: check('a value', (value) => value !== undefined),
  quantized: () => undefined,
  formats: () => undefined,
};

export type DecodeModelOptions = OptionsOf<typeof decodeRules>;

/**
 * The network in a model file. Tensors stored in 32 or 64 bits may be views of the file, as in `decodeSafetensors`.
 *
 * @throws ModelFileError for a file that is not a model, is of a newer version, has tensors of an unknown format, or
 * changed by even one bit
 */
export function decodeModel(file: Uint8Array, options: DecodeModelOptions = {}): DecodedModel {
  checkOptions('decodeModel', decodeRules, options);
  const bytes = requireBytes('decodeModel', 'a file', file);
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
  const known = { ...tensorDecoders, ...options.formats };
  const maxBytes = Math.max(options.maxBytes ?? 0, mostUnpacked(bytes.length));
  const tensors = decodedTensors(description, stored, known, { source, maxBytes });
  return { spec: description.spec as JsonValue, tensors };
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
