import { type CodeBits, maxCode } from '../codes/dequantize.ts';
import { packCodes } from '../codes/pack-codes.ts';
import { quantize } from '../codes/quantize.ts';
import type { CodesSaid } from '../codes.ts';
import type { TensorEncoder } from '../tensor-codec.ts';

function codes(bits: CodeBits): TensorEncoder<CodesSaid> {
  const most = maxCode(bits);
  return {
    // Values beyond the outermost codes are read back as those.
    errorBound: (x, { scale }) => Math.max(scale / 2, Math.abs(x) - most * scale) + Math.abs(x) * 2 ** -23,
    encode(data, shape) {
      const { codes, scale } = quantize(data, bits);
      const packed = packCodes(codes, bits);
      return { stored: { dtype: 'U8', shape: [packed.length], data: packed }, said: { bits, scale, shape } };
    },
  };
}

export const i2 = /* @__PURE__ */ codes(2);
export const i3 = /* @__PURE__ */ codes(3);
export const i4 = /* @__PURE__ */ codes(4);
export const i5 = /* @__PURE__ */ codes(5);
export const i6 = /* @__PURE__ */ codes(6);
export const i7 = /* @__PURE__ */ codes(7);
export const i8 = /* @__PURE__ */ codes(8);
