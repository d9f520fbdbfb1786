import { decodeBfloat16, decodeFloat16 } from '@funhash/codec';
import type { NumberArray, NumberKind } from './array.ts';

/** How elements of a type lie in a file. */
export interface ElementType {
  readonly kind: NumberKind;
  /** Bytes of an element. */
  readonly width: number;
  /** Elements of bytes that begin on their boundary. */
  fromBytes(bytes: ArrayBuffer): ArrayLike<number>;
}

const words = (bytes: ArrayBuffer, isSigned: boolean): Float64Array => {
  const view = new DataView(bytes);
  return Float64Array.from({ length: bytes.byteLength / 8 }, (_, k) => {
    const high = isSigned ? view.getInt32(8 * k + 4, true) : view.getUint32(8 * k + 4, true);
    return high * 2 ** 32 + view.getUint32(8 * k, true);
  });
};

/** Numbers of 8 bits as reals, by their pattern: an exponent of so many bits under a bias. */
function patternsOfByte(exponentBits: number, bias: number, isInfinite: boolean): Float32Array {
  const mantissaBits = 7 - exponentBits;
  return Float32Array.from({ length: 256 }, (_, pattern) => {
    const sign = pattern & 128 ? -1 : 1;
    const exponent = (pattern & 127) >> mantissaBits;
    const mantissa = pattern & (2 ** mantissaBits - 1);
    if (isInfinite && exponent === 2 ** exponentBits - 1)
      return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (!isInfinite && (pattern & 127) === 127) return Number.NaN;
    const fraction = mantissa / 2 ** mantissaBits;
    return exponent === 0
      ? sign * fraction * 2 ** (1 - bias)
      : sign * (1 + fraction) * 2 ** (exponent - bias);
  });
}

const ofByte =
  (table: () => Float32Array) =>
  (bytes: ArrayBuffer): Float32Array => {
    const values = table();
    return Float32Array.from(new Uint8Array(bytes), (pattern) => values[pattern] as number);
  };

/** Types of elements by their names in safetensors files. */
export const elementTypes = {
  BOOL: { kind: 'bool', width: 1, fromBytes: (bytes) => new Uint8Array(bytes) },
  U8: { kind: 'int', width: 1, fromBytes: (bytes) => new Uint8Array(bytes) },
  I8: { kind: 'int', width: 1, fromBytes: (bytes) => new Int8Array(bytes) },
  U16: { kind: 'int', width: 2, fromBytes: (bytes) => new Uint16Array(bytes) },
  I16: { kind: 'int', width: 2, fromBytes: (bytes) => new Int16Array(bytes) },
  U32: { kind: 'int', width: 4, fromBytes: (bytes) => new Uint32Array(bytes) },
  I32: { kind: 'int', width: 4, fromBytes: (bytes) => new Int32Array(bytes) },
  U64: { kind: 'int', width: 8, fromBytes: (bytes) => words(bytes, false) },
  I64: { kind: 'int', width: 8, fromBytes: (bytes) => words(bytes, true) },
  F8_E4M3: { kind: 'float', width: 1, fromBytes: ofByte(() => patternsOfByte(4, 7, false)) },
  F8_E5M2: { kind: 'float', width: 1, fromBytes: ofByte(() => patternsOfByte(5, 15, true)) },
  F16: { kind: 'float', width: 2, fromBytes: (bytes) => decodeFloat16(new Uint16Array(bytes)) },
  BF16: { kind: 'float', width: 2, fromBytes: (bytes) => decodeBfloat16(new Uint16Array(bytes)) },
  F32: { kind: 'float', width: 4, fromBytes: (bytes) => new Float32Array(bytes) },
  F64: { kind: 'float', width: 8, fromBytes: (bytes) => new Float64Array(bytes) },
} as const satisfies Readonly<Record<string, ElementType>>;

export type ElementTypeName = keyof typeof elementTypes;

/** Elements as numbers: reals of at most 32 bits as they are, all others as f64, which holds them. */
export function numbersFrom({ kind, width }: ElementType, elements: ArrayLike<number>): NumberArray['data'] {
  if (kind !== 'float' || width === 8) return Float64Array.from(elements);
  return elements instanceof Float32Array ? elements : Float32Array.from(elements);
}

/** The elements in a part of a file, which need not lie on their boundary. */
export function elementsIn(type: ElementType, bytes: Uint8Array): NumberArray['data'] {
  return numbersFrom(type, type.fromBytes(Uint8Array.from(bytes).buffer));
}
