import { check } from '../container/faults.ts';
import { elementCount, isShape } from '../container/safetensors.ts';
import { type CodeBits, dequantize, maxCode, maxFloat32 } from './codes/dequantize.ts';
import { packedLength, unpackCodes } from './codes/unpack-codes.ts';
import type { TensorDecoder } from './tensor-codec.ts';

// A type, not an interface: interfaces have no index signature, which JSON has.
export type CodesSaid = {
  readonly bits: CodeBits;
  readonly scale: number;
  /** The shape of the values; the stored bytes have one dimension. */
  readonly shape: readonly number[];
};

/** Whole numbers of so many bits times one scale for the tensor, packed without gaps: see `quantize`. */
function codes<B extends CodeBits>(bits: B): TensorDecoder<CodesSaid> & { readonly id: `i${B}` } {
  const most = maxCode(bits);
  return {
    id: `i${bits}`,
    lossless: false,
    bits,
    field: 'quantized',
    said: {
      bits: check(`bits ${bits}`, (value) => value === bits),
      scale: check('a number above 0', (scale) => typeof scale === 'number' && scale > 0),
      shape: isShape,
    },
    shapeOf({ stored: { dtype, shape: lengths, data }, said: { scale, shape } }, refuse) {
      if (most * scale > maxFloat32) refuse('a scale within the range of f32', String(scale));
      const count = elementCount(shape) ?? Number.NaN;
      if (dtype !== 'U8' || lengths.length !== 1 || data.length !== packedLength(count, bits))
        refuse(
          `U8 [⌈${bits} · n / 8⌉] for n values of shape [${shape.join(', ')}]`,
          `${dtype} [${lengths.join(', ')}]`,
        );
      return shape;
    },
    decode({ stored, said: { scale } }, shape, refuse) {
      const bytes = stored.data as Uint8Array;
      const count = elementCount(shape) as number;
      const used = (count * bits) % 8;
      if (used > 0 && (bytes.at(-1) as number) >> used !== 0)
        refuse('zeros behind the last code', 'other bits');
      const codes = unpackCodes(bytes, count, bits);
      if (codes.includes(-most - 1)) refuse(`codes from −${most} to ${most}`, `${-most - 1}`);
      return dequantize({ codes, scale });
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
