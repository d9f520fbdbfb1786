import { ArgumentError, bytesOf, crc32, quoted } from '@funhash/hashing';
import { checkShape } from '../container/encode-safetensors.ts';
import type { ModelTensor } from '../container/model-file.ts';
import type { Named } from '../container/safetensors.ts';
import { compareCodePoints, isWellFormed } from '../json/json.ts';

/** Values that an update may change. */
export interface RealTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Tensors of a network in the order of updates, each checked. */
export interface Base {
  readonly tensors: readonly (readonly [name: string, tensor: ModelTensor])[];
  /** Those of real numbers. */
  readonly reals: readonly RealTensor[];
}

/** @throws ArgumentError for what are no tensors */
export function baseOf(operation: string, argument: string, named: Named<ModelTensor>): Base {
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({ operation, expected: `${expected} in ${argument}`, actual });
  };
  if (typeof named !== 'object' || named === null) refuse('tensors by name', String(named));
  const entries: [string, ModelTensor][] = named instanceof Map ? [...named] : Object.entries(named);
  for (const [name, tensor] of entries) {
    if (typeof name !== 'string' || !isWellFormed(name))
      refuse('names without lone surrogates', quoted(name));
    const label = `tensor ${quoted(name)}`;
    if (typeof tensor !== 'object' || tensor === null || !Array.isArray(tensor.shape) || !kindOf(tensor.data))
      refuse('{ shape, data } of f64, f32, i32 or u8', label);
    checkShape(label, tensor.shape, tensor.data.length);
  }
  const tensors = entries.sort(([a], [b]) => compareCodePoints(a, b));
  return {
    tensors,
    reals: tensors.flatMap(([name, { shape, data }]) =>
      data instanceof Float32Array || data instanceof Float64Array ? [{ name, shape, data }] : [],
    ),
  };
}

/** The type of elements, as a safetensors file names it. */
export function kindOf(data: unknown): string | undefined {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  return bytesOf(data) ? 'U8' : undefined;
}

/** CRC-32 of names, types, shapes and elements: what an update is for. */
export function fingerprintOf({ tensors }: Base): number {
  let sum = 0;
  for (const [name, { shape, data }] of tensors) {
    const head = `${name}\0${kindOf(data)} ${shape.join(' ')}\0`;
    sum = crc32(new TextEncoder().encode(head), sum);
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum);
  }
  return sum >>> 0;
}

/** Least share of the root mean square of all values that one tensor counts as. */
const leastShare = 16;

/**
 * What a step of each tensor is a multiple of: the root mean square of its values, but no less than a sixteenth of that of all;
 * 1 where all are 0.
 */
export function unitsOf({ reals }: Base): number[] {
  let total = 0;
  let count = 0;
  const sums = reals.map(({ data }) => {
    let sum = 0;
    for (const x of data) sum += x * x;
    total += sum;
    count += data.length;
    return sum;
  });
  const least = count === 0 ? 0 : Math.sqrt(total / count) / leastShare;
  if (!(least > 0 && least < Infinity)) return reals.map(() => 1);
  return reals.map(({ data }, k) =>
    Math.fround(Math.max(least, data.length === 0 ? 0 : Math.sqrt((sums[k] as number) / data.length))),
  );
}

/**
 * What a step of each tensor of reals is a multiple of, by name: the root mean square of its values, but no less than a
 * sixteenth of that of all tensors together; 1 where all values are 0.
 *
 * @throws ArgumentError for what are no tensors
 */
export function updateUnits(base: Named<ModelTensor>): Map<string, number> {
  const from = baseOf('updateUnits', 'base', base);
  const units = unitsOf(from);
  return new Map(from.reals.map(({ name }, k) => [name, units[k] as number]));
}

/**
 * CRC-32 of the tensors of a network: names, types, shapes, elements. An update says it of its base.
 *
 * @throws ArgumentError for what are no tensors
 */
export const baseFingerprint = (base: Named<ModelTensor>): number =>
  fingerprintOf(baseOf('baseFingerprint', 'base', base));
