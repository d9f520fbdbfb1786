import * as v from 'valibot';
import type { JsonValue } from './json.ts';
import { ModelFileError } from './model-file-error.ts';
import { packCodes, packedLength, unpackCodes } from './pack-codes.ts';
import { type CodeBits, dequantize, maxCode, maxFloat32, quantize } from './quantize.ts';
import { elementCount, type StoredTensor, shapeSchema } from './safetensors.ts';

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

const schema = v.pipe(
  v.strictObject({
    bits: v.picklist(allBits),
    scale: v.pipe(v.number(), v.gtValue(0)),
    shape: shapeSchema,
  }),
  v.check(({ bits, scale }) => maxCode(bits) * scale <= maxFloat32, 'a scale within the range of f32'),
);

/** The bits of a format that quantises, nothing for any other text. */
export function bitsOf(format: string): CodeBits | undefined {
  return allBits.find((bits) => format === `i${bits}`);
}

/** Values of a shape as a tensor of bytes, and what the file must say about it. */
export function packTensor(
  shape: readonly number[],
  data: Float32Array | Float64Array,
  bits: CodeBits,
): { tensor: StoredTensor; quantization: Quantization } {
  const { codes, scale } = quantize(data, bits);
  const packed = packCodes(codes, bits);
  return {
    tensor: { dtype: 'U8', shape: [packed.length], data: packed },
    quantization: { bits, scale, shape },
  };
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
    const parsed = v.safeParse(schema, entry, { abortEarly: true });
    if (!parsed.success) {
      const [issue] = parsed.issues;
      const place = v.getDotPath(issue) ?? 'the top';
      throw refusal(source, `${issue.expected ?? issue.message} at ${place}`, issue.received, name);
    }
    const { bits, shape } = parsed.output;
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
    found.set(name, parsed.output);
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
