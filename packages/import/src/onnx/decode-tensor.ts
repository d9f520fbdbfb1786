import { decodeBfloat16, decodeFloat16 } from '@funhash/codec';
import { countOf, type NumberArray, type NumberKind } from '../array.ts';
import { ImportError } from '../import-error.ts';
import type { OnnxTensor } from './read-onnx.ts';

interface ElementType {
  readonly name: string;
  readonly kind: NumberKind;
  readonly width: number;
  /** Elements of bytes that begin on their boundary. */
  fromBytes(bytes: ArrayBuffer): ArrayLike<number>;
  /** Elements of numbers that are listed. */
  fromList?(list: readonly number[]): ArrayLike<number>;
}

const words = (bytes: ArrayBuffer, isSigned: boolean): Float64Array => {
  const view = new DataView(bytes);
  return Float64Array.from({ length: bytes.byteLength / 8 }, (_, k) => {
    const high = isSigned ? view.getInt32(8 * k + 4, true) : view.getUint32(8 * k + 4, true);
    return high * 2 ** 32 + view.getUint32(8 * k, true);
  });
};
const patterns = (list: readonly number[]): Uint16Array => Uint16Array.from(list);

/** Elements of `TensorProto.DataType` that are numbers, by its code. */
const types: Readonly<Record<number, ElementType>> = {
  1: { name: 'float', kind: 'float', width: 4, fromBytes: (bytes) => new Float32Array(bytes) },
  2: { name: 'uint8', kind: 'int', width: 1, fromBytes: (bytes) => new Uint8Array(bytes) },
  3: { name: 'int8', kind: 'int', width: 1, fromBytes: (bytes) => new Int8Array(bytes) },
  4: { name: 'uint16', kind: 'int', width: 2, fromBytes: (bytes) => new Uint16Array(bytes) },
  5: { name: 'int16', kind: 'int', width: 2, fromBytes: (bytes) => new Int16Array(bytes) },
  6: { name: 'int32', kind: 'int', width: 4, fromBytes: (bytes) => new Int32Array(bytes) },
  7: { name: 'int64', kind: 'int', width: 8, fromBytes: (bytes) => words(bytes, true) },
  9: { name: 'bool', kind: 'bool', width: 1, fromBytes: (bytes) => new Uint8Array(bytes) },
  10: {
    ...{ name: 'float16', kind: 'float', width: 2 },
    fromBytes: (bytes) => decodeFloat16(new Uint16Array(bytes)),
    fromList: (list) => decodeFloat16(patterns(list)),
  },
  11: { name: 'double', kind: 'float', width: 8, fromBytes: (bytes) => new Float64Array(bytes) },
  12: { name: 'uint32', kind: 'int', width: 4, fromBytes: (bytes) => new Uint32Array(bytes) },
  13: { name: 'uint64', kind: 'int', width: 8, fromBytes: (bytes) => words(bytes, false) },
  16: {
    ...{ name: 'bfloat16', kind: 'float', width: 2 },
    fromBytes: (bytes) => decodeBfloat16(new Uint16Array(bytes)),
    fromList: (list) => decodeBfloat16(patterns(list)),
  },
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
  if (held !== count) return refuse(`${count} values of ${type.name}`, `${held}`);
  // Bytes of a file need not lie on the boundary of their elements.
  const elements: ArrayLike<number> =
    raw && bytes > 0
      ? type.fromBytes(raw.slice().buffer as ArrayBuffer)
      : (type.fromList?.(listed) ?? listed);
  const data = type.kind !== 'float' || type.width === 8 ? Float64Array.from(elements) : toFloat32(elements);
  return { kind: type.kind, shape, data };
}

const toFloat32 = (elements: ArrayLike<number>): Float32Array =>
  elements instanceof Float32Array ? elements : Float32Array.from(elements);
