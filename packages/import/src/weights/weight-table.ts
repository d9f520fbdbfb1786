import type { NumberArray } from '../array.ts';

/** A tensor of a file of weights. */
export interface StoredWeight {
  readonly shape: readonly number[];
  /** The name of its type, as safetensors files have it. */
  readonly dtype: string;
  /** Its numbers, decoded when they are asked for. */
  read(): NumberArray;
}

/** Tensors by name, in the order of the file. */
export type WeightTable = Map<string, StoredWeight>;
