import { decodeFloat16, type UnpackedTensor, unpack } from '@funhash/codec/unpack';
import { bytesPerElement, type DType, PlanError, sizeOf, type TypedArray } from '@funhash/tensor';

/** The tensor of the pack that holds the description, as JSON text. */
export const headName = 'predictor.json';

export const headVersion = 1;

/** A file of a predictor: its description, which is not checked yet, and its tensors. */
export interface PredictorFile {
  readonly head: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, UnpackedTensor>;
}

/** Options of readers of predictors. */
export interface ReadPredictorOptions {
  /** Values that all tensors of the file together may have. Default 2^28. */
  readonly maxValues?: number;
}

/** @throws UnpackError for bytes that are no pack or are damaged, PlanError for a pack without a predictor */
export function readFile(bytes: Uint8Array | ArrayBuffer, options: ReadPredictorOptions = {}): PredictorFile {
  if (typeof options !== 'object' || options === null) refuse('options { maxValues }', typeof options);
  const tensors = unpack(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes, options);
  const text = tensors.get(headName)?.data ?? refuse(`a pack with ${headName}`, 'one without');
  let head: unknown;
  try {
    head = JSON.parse(new TextDecoder().decode(text as Uint8Array));
  } catch {
    return refuse('JSON', 'another text');
  }
  const fields = record(head, 'a description');
  if (fields.version !== headVersion) refuse(`version ${headVersion} of predictors`, fields.version);
  return { head: fields, tensors };
}

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;

/** The array of a dtype at an address of memory. */
export const arrayOn = (
  memory: ArrayBuffer,
  { dtype, address, length }: { readonly dtype: DType; readonly address: number; readonly length: number },
): TypedArray => new arrays[dtype](memory, address, length);

/** Values of a tensor of a file: coded, or bytes of its elements, of f16 where they are half as many. */
export function valuesOf(
  { tensors }: PredictorFile,
  name: string,
  { dtype, length }: { readonly dtype: DType; readonly length: number },
): TypedArray {
  const data = tensors.get(name)?.data ?? refuse(`a tensor ${name}`, 'none');
  if (data instanceof Float32Array && dtype === 'f32' && data.length === length) return data;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer;
  if (data instanceof Uint8Array && bytes.byteLength === length * bytesPerElement[dtype])
    return arrayOn(bytes, { dtype, address: 0, length });
  if (data instanceof Uint8Array && dtype === 'f32' && bytes.byteLength === 2 * length)
    return decodeFloat16(new Uint16Array(bytes));
  return refuse(`${length} values of ${name}`, data.length);
}

/** The shape of a batch of inputs of so many numbers. */
export function inputShape({ input }: PredictorFile['head'], length: number): readonly number[] {
  const shape = Array.isArray(input) && input.every(Number.isSafeInteger) ? (input as number[]) : [];
  return shape.length > 0 && shape.every((extent) => extent > 0) && sizeOf(shape) === length
    ? shape
    : refuse(`the shape of ${length} inputs`, input);
}

/** The fields of a JSON value that is a record. */
export function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : refuse(what, value);
}

/** Refuses a file. @throws PlanError */
export function refuse(expected: string, actual: unknown): never {
  throw new PlanError({ operation: 'readPredictor', expected, actual: String(actual).slice(0, 80) });
}
