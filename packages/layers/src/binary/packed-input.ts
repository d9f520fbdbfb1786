import { ArgumentError } from '@funhash/hashing';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { bytePlaneCount, levelUnit } from './byte-planes.ts';

/** What a packed layer multiplies: packed signs, or levels of bytes (f32, of `byteLevels`). */
export const packedInputs = ['signs', 'bytes'] as const;
export type PackedInput = (typeof packedInputs)[number];

/** One step of sums of ±1 times such inputs. */
export const unitOf = (input: PackedInput): number => (input === 'bytes' ? levelUnit : 1);

/** The largest absolute value of a sum of so many products, in steps. */
export const mostOf = (input: PackedInput, depth: number): number =>
  depth * (input === 'bytes' ? 2 ** bytePlaneCount - 1 : 1);

export function readInput(reader: LayerReader): PackedInput {
  const text = reader.text('input');
  const found = packedInputs.find((input) => input === text);
  if (!found)
    throw new ArgumentError({
      operation: 'packed layer',
      expected: `an input among ${packedInputs.join(', ')}`,
      actual: JSON.stringify(text),
    });
  return found;
}
