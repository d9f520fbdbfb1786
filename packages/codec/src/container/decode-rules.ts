import { option } from '@funhash/hashing';
import { byteLimit } from '../bytes/byte-limit.ts';
import type { TensorDecoders } from '../formats/tensor-codec.ts';

/** Options of whoever decodes a model file. */
export const decodeRules = {
  /** The name of the file in errors. Default `bytes in memory`. */
  source: option.text(),
  /** Bytes that the values of tensors with entries may take as f32, if more than 64 MiB and 16 times the file (2^30 at most). */
  maxBytes: byteLimit(),
  /** Storage formats of the caller's own by id, besides those of this package. */
  formats: option.that<TensorDecoders>(
    'storage formats by id',
    (formats) => typeof formats === 'object' && formats !== null,
  ),
};
