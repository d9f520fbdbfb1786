import { floatFormat } from './floats/float-format.ts';

/** IEEE 754 binary32: the values themselves, not copied where they are f32 already. */
export const f32 = /* @__PURE__ */ floatFormat({
  id: 'f32',
  native: 'F32',
  bits: 32,
  lossless: true,
  decode: (stored) => stored as Float32Array,
});
