import { decodeBfloat16 } from './floats/bfloat16.ts';
import { floatFormat } from './floats/float-format.ts';

/** bfloat16: the upper half of a binary32, 8 significant bits, the range of f32. */
export const bf16 = /* @__PURE__ */ floatFormat({
  id: 'bf16',
  native: 'BF16',
  bits: 16,
  lossless: false,
  decode: (stored) => decodeBfloat16(stored as Uint16Array),
});
