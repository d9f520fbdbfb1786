import type { Check } from '../container/faults.ts';
import type { Dtype, StoredTensor } from '../container/safetensors.ts';
import type { JsonValue } from '../json/json.ts';

/** Real numbers, as a format takes them. */
export type RealArray = Float32Array | Float64Array;

/** What the description of a file says about one tensor: fields of plain JSON. */
export type Said = Readonly<Record<string, JsonValue>>;

/** A tensor as a format has it in a file. */
export interface EncodedTensor<S extends Said = Said> {
  /** The elements in the file, with their own dtype and shape. */
  readonly stored: StoredTensor;
  /** What the description of the file must say besides; `{}` where dtype and shape are enough. */
  readonly said: S;
}

/** Refuses a file: throws a ModelFileError that names the file and the tensor. */
export type TensorRefusal = (expected: string, actual: string) => never;

/**
 * A storage format to whoever reads: how real numbers lie in a model file. Readers know the properties of a record of formats, never
 * a name.
 */
export interface TensorDecoder<S extends Said = Said> {
  /** The name in `storeAs`, in files and in the record: lower-case letters and digits, such as `f16`. */
  readonly id: string;
  /** Whether f32 values come back bit for bit, NaN payloads included. */
  readonly lossless: boolean;
  /** Bits that a value takes in the file at most, metadata apart. Policies compare them. */
  readonly bits: number;
  /**
   * A dtype of safetensors that is this format and no other: its tensors need no entry in the description. Formats
   * without one have an entry for each tensor.
   */
  readonly native?: Dtype;
  /** The field of the description that holds the entries; default `formats`. */
  readonly field?: DescriptionField;
  /**
   * The fields of an entry, each with its check; no others are let through. `format` is taken: it holds the id, except
   * in `quantized`.
   */
  readonly said: Readonly<Record<string, Check>>;
  /**
   * The shape of the values. The fields of `said` have passed their checks, one by one; whether they fit each other and
   * the stored bytes is checked here, before anything is allocated. The product of the shape is checked by the caller.
   */
  shapeOf(encoded: EncodedTensor<S>, refuse: TensorRefusal): readonly number[];
  /** The values, after `shapeOf` has let the tensor through. */
  decode(encoded: EncodedTensor<S>, shape: readonly number[], refuse: TensorRefusal): Float32Array;
  /**
   * The values of levels, which are overwritten: of formats whose values are whole numbers times a step. Containers that code
   * levels by themselves use it with `levelsOf`.
   */
  valuesOf?(levels: Int32Array, step: number, refuse: TensorRefusal): Float32Array;
}

/** Whole numbers and what they are multiples of, an f32. */
export interface Levels {
  readonly levels: Int32Array;
  readonly step: number;
}

/** What a storage format is to whoever writes, besides. Pages that only read do not download it. */
export interface TensorEncoder<S extends Said = Said> {
  /** The largest distance between a value within the format's range and what is read back for it. */
  errorBound(x: number, said: S): number;
  /**
   * Values of a shape, checked to fit each other, as they are to lie in the file. Equal values give equal bytes, and
   * what was read back is stored again to the same bytes.
   *
   * @throws ArgumentError for values that the format cannot hold
   */
  encode(data: RealArray, shape: readonly number[]): EncodedTensor<S>;
  /** The levels that `encode` codes, where its values are such. @throws ArgumentError as `encode` */
  levelsOf?(data: RealArray): Levels;
}

/**
 * A storage format, whole: how real numbers are put into a model file and read. A record of formats is all that writers, commands
 * and laws know of them; they read the properties, never the name. `formatLaws` of `@funhash/codec/testing` checks all
 * that is promised here.
 */
export interface TensorCodec<S extends Said = Said> extends TensorDecoder<S>, TensorEncoder<S> {}

/** Field of a description that says how tensors are stored. Codes had a field before other formats had one. */
export type DescriptionField = 'quantized' | 'formats';

/** Formats by their ids, for reading. */
export type TensorDecoders = Readonly<Record<string, TensorDecoder>>;
