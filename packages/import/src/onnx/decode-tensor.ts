import { decodeBfloat16, decodeFloat16 } from '@funhash/codec';
import { countOf, type NumberArray, type NumberKind } from '../array.ts';
import { type ElementType, elementsIn, elementTypes, numbersFrom } from '../element-types.ts';
import { ImportError } from '../import-error.ts';
import type { OnnxTensor } from './read-onnx.ts';

/** Types of elements by their code in `TensorProto.DataType`. */
const types: Readonly<Record<number, ElementType>> = {
  1: elementTypes.F32,
  2: elementTypes.U8,
  3: elementTypes.I8,
  4: elementTypes.U16,
  5: elementTypes.I16,
  6: elementTypes.I32,
  7: elementTypes.I64,
  9: elementTypes.BOOL,
  10: elementTypes.F16,
  11: elementTypes.F64,
  12: elementTypes.U32,
  13: elementTypes.U64,
  16: elementTypes.BF16,
};

/** Elements that are listed as patterns of bits. */
const ofPatterns: Readonly<Record<number, (patterns: Uint16Array) => Float32Array>> = {
  10: decodeFloat16,
  16: decodeBfloat16,
};

/** What elements of a type are; undefined: no numbers. */
export const kindOfType = (type: number): NumberKind | undefined => types[type]?.kind;

/**
 * The numbers of a tensor, which are as many as its file holds.
 *
 * @throws ImportError for values elsewhere, of no numbers, or of another count than the shape says
 */
export function decodeTensor(tensor: OnnxTensor, name = tensor.name): NumberArray {
  const refuse = (expected: string, actual: string, remedy = 'The file is damaged.'): never => {
    throw new ImportError({
      operation: 'importOnnx',
      expected: `${expected} as ${name || 'a tensor'}`,
      actual,
      remedy,
    });
  };
  if (tensor.isExternal)
    refuse(
      'values in this file',
      'values in another one',
      'Save the model as one file (save_as_external_data=False).',
    );
  const type = types[tensor.type];
  if (!type)
    return refuse(
      'numbers',
      `elements of type ${tensor.type}`,
      'Texts and numbers of under 8 bits are not read.',
    );
  const { dims: shape, raw, listed } = tensor;
  const count = shape.every((extent) => extent >= 0) ? countOf(shape) : Number.NaN;
  if (Number.isNaN(count)) return refuse('a shape of whole numbers', `[${shape.join(', ')}]`);
  const bytes = raw?.length ?? 0;
  const held = bytes > 0 ? bytes / type.width : listed.length;
  if (held !== count) return refuse(`${count} values of ${type.width} bytes`, `${held}`);
  const data =
    raw && bytes > 0
      ? elementsIn(type, raw)
      : numbersFrom(type, ofPatterns[tensor.type]?.(Uint16Array.from(listed)) ?? listed);
  return { kind: type.kind, shape, data };
}
