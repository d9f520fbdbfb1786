import { f16 as format } from '../f16.ts';
import { encodeFloat16 } from '../floats/float16.ts';
import { floatEncoder } from './float-encoder.ts';

export const f16 = /* @__PURE__ */ floatEncoder(format, {
  rounding: [2 ** -11, 2 ** -25],
  encode: encodeFloat16,
});
