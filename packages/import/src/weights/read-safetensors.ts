import { parseJson, safetensorsLimits } from '@funhash/codec';
import { requireBytes } from '@funhash/hashing';
import { countOf } from '../array.ts';
import { type ElementTypeName, elementsIn, elementTypes } from '../element-types.ts';
import { ImportError } from '../import-error.ts';
import type { WeightTable } from './weight-table.ts';

const operation = 'importSafetensors';

function refuse(expected: string, actual: string, byteOffset?: number): never {
  throw new ImportError({
    ...{ operation, expected, actual, remedy: 'The file is damaged, cut short, or no safetensors file.' },
    ...(byteOffset !== undefined && { byteOffset }),
  });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * The tensors of a safetensors file, of any type that the format has; those that nobody asks for are not decoded. The file
 * is taken as hostile: lengths are checked before anything is made.
 *
 * @throws ImportError with what is wrong
 */
export function readSafetensors(bytes: Uint8Array): WeightTable {
  const given = requireBytes(operation, 'a file', bytes);
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (file.length < 8) refuse('at least 8 bytes', `${file.length}`);
  const view = new DataView(file.buffer, file.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const most = Math.min(file.length - 8, safetensorsLimits.maxHeaderBytes);
  if (length > most) refuse(`a header of at most ${most} bytes`, `${length}`, 0);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.slice(8, 8 + length));
  } catch {
    return refuse('a header in UTF-8', 'an invalid byte sequence', 8);
  }
  const limits = { maxDepth: 4, maxValues: Math.min(1_500_000, 16 + length / 4) };
  const header = parseJson(text, limits, (position, expected, actual) =>
    refuse(expected, actual, 8 + position),
  );
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    return refuse('an object', 'other JSON', 8);
  const data = file.subarray(8 + length);
  const table: WeightTable = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = (typeof entry === 'object' && entry !== null ? entry : {}) as Readonly<Record<string, unknown>>;
    const type =
      typeof dtype === 'string' && Object.hasOwn(elementTypes, dtype)
        ? elementTypes[dtype as ElementTypeName]
        : undefined;
    if (!type)
      return refuse(
        `a type among ${Object.keys(elementTypes).join(', ')} for ${name}`,
        `${JSON.stringify(dtype)}`,
      );
    if (!Array.isArray(shape) || shape.length > 16 || !shape.every(isCount))
      return refuse(`a shape for ${name}`, `${JSON.stringify(shape)}`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
      return refuse(`two offsets for ${name}`, `${JSON.stringify(offsets)}`);
    const [begin, end] = offsets as [number, number];
    if (begin > end || end > data.length || end - begin !== countOf(shape) * type.width)
      return refuse(
        `bytes of ${name} within ${data.length}, as many as its shape says`,
        `${begin} to ${end}`,
      );
    table.set(name, {
      shape: shape as number[],
      dtype: dtype as string,
      read: () => ({
        kind: type.kind,
        shape: shape as number[],
        data: elementsIn(type, data.subarray(begin, end)),
      }),
    });
  }
  return table;
}
