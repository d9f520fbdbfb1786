import { check, faultInOnly } from '../container/faults.ts';
import { ModelFileError } from '../container/model-file-error.ts';
import { elementCount, isShape, type StoredTensor } from '../container/safetensors.ts';
import type { JsonValue } from '../json/json.ts';
import { type CodeBits, dequantize, maxCode, maxFloat32 } from './dequantize.ts';
import { packedLength, unpackCodes } from './unpack-codes.ts';

/** Real numbers as codes of 2 to 8 bits and a scale. */
export type QuantizedFormat = `i${CodeBits}`;

/** What a file says about packed codes. */
export interface Quantization {
  readonly bits: CodeBits;
  readonly scale: number;
  /** Of the values. */
  readonly shape: readonly number[];
}

/** In all tensors of codes of a file. Two bits become 32 in memory: with this, at most 1 GiB. */
const maxQuantizedValues = 2 ** 28;

const allBits = [2, 3, 4, 5, 6, 7, 8] as const satisfies readonly CodeBits[];

const fields = {
  bits: check(`bits of ${allBits.join(', ')}`, (bits) => allBits.includes(bits as CodeBits)),
  scale: check('a number above 0', (scale) => (scale as number) > 0 && typeof scale === 'number'),
  shape: isShape,
};

/** The bits of a format that quantises, nothing for any other text. */
export function bitsOf(format: string): CodeBits | undefined {
  return allBits.find((bits) => format === `i${bits}`);
}

/**
 * Checks what a file says about its tensors of codes.
 *
 * @throws ModelFileError
 */
export function readQuantizations(
  value: JsonValue,
  tensors: ReadonlyMap<string, StoredTensor>,
  source: string,
): ReadonlyMap<string, Quantization> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal(source, 'an object as "quantized" of the network description', 'something else');
  const found = new Map<string, Quantization>();
  let values = 0;
  for (const [name, entry] of Object.entries(value)) {
    const fault = faultInOnly(entry, fields);
    if (fault) throw refusal(source, fault.expected, fault.actual, name);
    const quantization = entry as unknown as Quantization;
    const { bits, scale, shape } = quantization;
    if (maxCode(bits) * scale > maxFloat32)
      throw refusal(source, 'a scale within the range of f32', String(scale), name);
    const tensor = tensors.get(name);
    const count = elementCount(shape) ?? Number.NaN;
    if (
      tensor?.dtype !== 'U8' ||
      tensor.shape.length !== 1 ||
      tensor.data.length !== packedLength(count, bits)
    ) {
      const actual = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'none';
      const expected = `U8 [⌈${bits} · n / 8⌉] for n values of shape [${shape.join(', ')}]`;
      throw refusal(source, expected, actual, name);
    }
    values += count;
    if (values > maxQuantizedValues)
      throw refusal(source, `at most ${maxQuantizedValues} values of codes in a file`, 'more', name);
    found.set(name, quantization);
  }
  return found;
}

/**
 * The values in a tensor of codes that `readQuantizations` passed.
 *
 * @throws ModelFileError for bits that no code has
 */
export function unpackTensor(
  bytes: Uint8Array,
  { bits, scale, shape }: Quantization,
  name: string,
  source: string,
): Float32Array {
  const count = elementCount(shape) as number;
  const used = (count * bits) % 8;
  if (used > 0 && (bytes.at(-1) as number) >> used !== 0)
    throw refusal(source, 'zeros behind the last code', 'other bits', name);
  const codes = unpackCodes(bytes, count, bits);
  const most = maxCode(bits);
  if (codes.includes(-most - 1))
    throw refusal(source, `codes from −${most} to ${most}`, `${-most - 1}`, name);
  return dequantize({ codes, scale });
}

function refusal(source: string, expected: string, actual: string, tensor?: string): ModelFileError {
  const operation = 'decodeModel';
  return new ModelFileError({ operation, source, expected, actual, ...(tensor !== undefined && { tensor }) });
}
