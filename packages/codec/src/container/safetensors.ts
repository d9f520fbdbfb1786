import { check, list } from './faults.ts';

/** Element formats of a safetensors file that are read and written here, in the order of their data in a file. */
export const dtypes = ['F64', 'F32', 'I32', 'BF16', 'F16', 'U8'] as const;
export type Dtype = (typeof dtypes)[number];

interface DtypeArrays {
  F64: Float64Array;
  F32: Float32Array;
  I32: Int32Array;
  /** Bit patterns: see `decodeBfloat16`. */
  BF16: Uint16Array;
  /** Bit patterns: see `decodeFloat16`. */
  F16: Uint16Array;
  U8: Uint8Array;
}

/** A tensor as it lies in a file: row-major elements of `shape`; `[]` is one scalar. */
export type StoredTensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: DtypeArrays[D] };
}[Dtype];

/** A tensor whose elements are read when their turn has come, so that only one needs memory at a time. */
export interface LazyTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Gives the elements, row-major, in the array that belongs to the dtype. */
  readonly read: () => StoredTensor['data'];
}

/** Names to values. A plain object serves, a map has no trouble with names such as `__proto__`. */
export type Named<T> = Readonly<Record<string, T>> | ReadonlyMap<string, T>;

/** The content of a safetensors file. */
export interface Safetensors {
  /** Tensors by name, in the order of their data in the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The ceilings of `decodeSafetensors`: the header of the reference implementation, and as many tensors and metadata as fit
 * into 64 MiB of objects beside 4 times the header.
 */
export const safetensorsLimits = {
  maxHeaderBytes: 100_000_000,
  maxTensors: 220_000,
  maxMetadata: 2 ** 17,
  maxRank: 64,
} as const;

export const metadataKey = '__metadata__';

/** A tensor in memory as one that is read. */
export const lazy = ({ dtype, shape, data }: StoredTensor): LazyTensor => ({
  dtype,
  shape,
  read: () => data,
});

/** Names and values, whichever way they are given. */
export const entriesOf = <T>(named: Named<T>): [string, T][] =>
  named instanceof Map ? [...named.entries()] : Object.entries(named);

interface ElementArray {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): StoredTensor['data'];
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}
export const arrayOf: Readonly<Record<Dtype, ElementArray>> = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U8: Uint8Array,
};

/** Whether a dimension or an offset can be so: a whole number from 0 to 2^53 − 1; −0 is none. */
export function isCount(n: unknown): n is number {
  return Number.isSafeInteger(n) && !((n as number) < 0) && !Object.is(n, -0);
}

/** The product of a shape, or undefined when it or a partial product is beyond 2^53 − 1. */
export function elementCount(shape: readonly number[]): number | undefined {
  let product = 1;
  for (const n of shape) {
    product *= n;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return product;
}

/** Passes what may be the shape of a tensor. */
export const isShape = list(safetensorsLimits.maxRank, check('a count', isCount));
