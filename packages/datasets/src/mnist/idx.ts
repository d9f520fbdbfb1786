/**
 * IDX, the format of the MNIST files: two zero bytes, a type code, the number of dimensions, each dimension as a
 * big-endian u32, then the elements, big-endian, last dimension fastest.
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".
 */
import {
  ArgumentError,
  checkArgument,
  checkOptions,
  type OptionsOf,
  option,
  requireBytes,
} from '@funhash/hashing';
import { DataFormatError } from '../errors.ts';

/** What an IDX file holds: `data` has as many elements as the product of `shape`. */
export type IdxArray =
  | { readonly dtype: 'u8'; readonly shape: readonly number[]; readonly data: Uint8Array }
  | { readonly dtype: 'i8'; readonly shape: readonly number[]; readonly data: Int8Array }
  | { readonly dtype: 'i16'; readonly shape: readonly number[]; readonly data: Int16Array }
  | { readonly dtype: 'i32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'f32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'f64'; readonly shape: readonly number[]; readonly data: Float64Array };

export type IdxDtype = IdxArray['dtype'];

const codes: Record<IdxDtype, number> = { u8: 0x08, i8: 0x09, i16: 0x0b, i32: 0x0c, f32: 0x0d, f64: 0x0e };
const bytesPer: Record<IdxDtype, number> = { u8: 1, i8: 1, i16: 2, i32: 4, f32: 4, f64: 8 };
const dtypes = new Map(Object.entries(codes).map(([dtype, code]) => [code, dtype as IdxDtype]));

const maxDimensions = 8;

const rules = {
  /** What the bytes are called in errors, for instance a file path. Default `'IDX data'`. */
  source: option.text(),
  /** Refuse arrays with more elements than this. Default 2^31 - 1. */
  maxElements: option.integer(),
};

export type ParseIdxOptions = OptionsOf<typeof rules>;

/**
 * Reads an IDX file. The header is checked against the length of the file before anything is allocated, so memory
 * is bounded by the file: `u8` and `i8` data are views on it (no copy), wider types take exactly their share of it.
 *
 * @throws DataFormatError when the bytes are not one whole IDX array; it names source, offset and what was expected.
 */
export function parseIdx(file: Uint8Array, options: ParseIdxOptions = {}): IdxArray {
  checkOptions('parseIdx', rules, options);
  const bytes = requireBytes('parseIdx', 'a file', file);
  const { source = 'IDX data', maxElements = 2 ** 31 - 1 } = options;
  const refuse = (byteOffset: number, expected: string, actual: string): never => {
    throw new DataFormatError(source, byteOffset, {
      operation: 'parseIdx',
      expected,
      actual,
      remedy: 'The file is truncated, damaged or not IDX; compressed files must be unpacked first.',
    });
  };

  if (bytes.length < 4) refuse(bytes.length, 'a header of at least 4 bytes', 'the end');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0) refuse(0, 'two zero bytes', `0x${view.getUint16(0).toString(16)}`);
  const code = view.getUint8(2);
  const dtype = dtypes.get(code);
  if (dtype === undefined) {
    return refuse(2, 'a type code 0x08, 0x09 or 0x0b to 0x0e', `0x${code.toString(16)}`);
  }
  const rank = view.getUint8(3);
  if (rank < 1 || rank > maxDimensions) refuse(3, `1 to ${maxDimensions} dimensions`, String(rank));
  const start = 4 + 4 * rank;
  if (bytes.length < start) refuse(bytes.length, `a header of ${start} bytes`, 'the end');

  const shape: number[] = [];
  let count = 1;
  for (let axis = 0; axis < rank; axis++) {
    const size = view.getUint32(4 + 4 * axis);
    shape.push(size);
    count *= size;
    if (count > maxElements) refuse(4 + 4 * axis, `at most ${maxElements} elements`, `shape [${shape}]`);
  }
  const expectedLength = start + count * bytesPer[dtype];
  if (bytes.length !== expectedLength) {
    const offset = Math.min(bytes.length, expectedLength);
    refuse(
      offset,
      `${expectedLength} bytes for ${dtype} [${shape}]`,
      `a file of ${bytes.length} bytes, wrong`,
    );
  }
  return { dtype, shape, data: readElements(dtype, view, start, count) } as IdxArray;
}

function readElements(dtype: IdxDtype, view: DataView, start: number, count: number): IdxArray['data'] {
  const at = (i: number) => start + i * bytesPer[dtype];
  switch (dtype) {
    case 'u8':
      return new Uint8Array(view.buffer, view.byteOffset + start, count);
    case 'i8':
      return new Int8Array(view.buffer, view.byteOffset + start, count);
    case 'i16':
      return new Int16Array(count).map((_, i) => view.getInt16(at(i)));
    case 'i32':
      return new Int32Array(count).map((_, i) => view.getInt32(at(i)));
    case 'f32':
      return new Float32Array(count).map((_, i) => view.getFloat32(at(i)));
    case 'f64':
      return new Float64Array(count).map((_, i) => view.getFloat64(at(i)));
  }
}

const arrayRule = option.that<IdxArray>(
  `{ dtype, shape, data } with a dtype of ${Object.keys(codes).join(', ')} and a typed array`,
  (value) => {
    const { dtype, shape, data } = (value ?? {}) as Partial<IdxArray>;
    const isTyped = ArrayBuffer.isView(data) && !((data as object) instanceof DataView);
    return typeof dtype === 'string' && Object.hasOwn(codes, dtype) && Array.isArray(shape) && isTyped;
  },
);

/**
 * Writes an IDX file, the inverse of `parseIdx`.
 *
 * @throws ArgumentError when shape and data disagree or the shape cannot be written.
 */
export function encodeIdx(array: IdxArray): Uint8Array {
  checkArgument('encodeIdx', 'array', arrayRule, array);
  const { dtype, shape, data } = array;
  const sizesFit = shape.every((size) => Number.isInteger(size) && size >= 0 && size < 2 ** 32);
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.length < 1 || shape.length > maxDimensions || !sizesFit || count !== data.length) {
    throw new ArgumentError({
      operation: 'encodeIdx',
      expected: `1 to ${maxDimensions} sizes whose product is the number of elements`,
      actual: `shape [${shape}] and ${data.length} elements`,
    });
  }
  const width = bytesPer[dtype];
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + count * width);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, codes[dtype]);
  view.setUint8(3, shape.length);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  const write = {
    u8: view.setUint8,
    i8: view.setInt8,
    i16: view.setInt16,
    i32: view.setInt32,
    f32: view.setFloat32,
    f64: view.setFloat64,
  }[dtype].bind(view);
  for (let i = 0; i < count; i++) write(start + i * width, data[i] as number);
  return bytes;
}
