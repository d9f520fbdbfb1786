import type { StorageChoice } from '../formats/storage-formats.ts';
import type { DecodeModelOptions } from './decode-model.ts';
import type { DecodedModel, Model } from './model-file.ts';

/** A form of model files beside safetensors, to whoever reads. */
export interface ContainerReader {
  readonly id: string;
  /** Whether bytes begin as its files do, and no safetensors file does. */
  isOf(bytes: Uint8Array): boolean;
  /** The network in a file. @throws ModelFileError for a file that is damaged or hostile, before anything large is allocated */
  decode(bytes: Uint8Array, options?: DecodeModelOptions): DecodedModel;
}

/** A form of model files beside safetensors. */
export interface ModelContainer extends ContainerReader {
  /** The bytes of a file: equal models give equal ones. */
  encode(model: Model & { readonly storeAs?: StorageChoice }): Uint8Array;
}
