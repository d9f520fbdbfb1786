import { floatFormat } from './floats/float-format.ts';
import { decodeFloat16 } from './floats/float16.ts';

/** IEEE 754 binary16: 11 significant bits, values up to ±65504, steps of 2^−24 around 0. */
export const f16 = /* @__PURE__ */ floatFormat({
  id: 'f16',
  native: 'F16',
  bits: 16,
  lossless: false,
  decode: (stored) => decodeFloat16(stored as Uint16Array),
});
