import { bf16 as format } from '../bf16.ts';
import { encodeBfloat16 } from '../floats/bfloat16.ts';
import { floatEncoder } from './float-encoder.ts';

export const bf16 = /* @__PURE__ */ floatEncoder(format, {
  rounding: [2 ** -8, 2 ** -134],
  encode: encodeBfloat16,
});
