/** Bits of a code that real numbers can be quantised to. */
export type CodeBits = 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Whole numbers from −m to m, m = 2^(bits−1) − 1, and the step between their values: x ≈ code · scale. */
export interface Quantized {
  readonly codes: Int8Array;
  readonly scale: number;
}

export const maxFloat32 = 2 ** 128 - 2 ** 104;

/** The largest code of so many bits. */
export const maxCode = (bits: CodeBits): number => 2 ** (bits - 1) - 1;

/** Codes to values. */
export function dequantize({ codes, scale }: Quantized): Float32Array {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = (codes[i] as number) * scale;
  return values;
}
