import { f32 as format } from '../f32.ts';
import { floatEncoder } from './float-encoder.ts';

export const f32 = /* @__PURE__ */ floatEncoder(format, {
  rounding: [2 ** -24, 2 ** -150],
  encode: (data) => (data instanceof Float32Array ? data : Float32Array.from(data)),
});
