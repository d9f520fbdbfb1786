import type { CodeBits } from './dequantize.ts';

/** Bytes of so many codes. */
export const packedLength = (count: number, bits: CodeBits): number => Math.ceil((count * bits) / 8);

/** The codes that `packCodes` packed. Bits behind the last one are not looked at. */
export function unpackCodes(bytes: Uint8Array, count: number, bits: CodeBits): Int8Array {
  const codes = new Int8Array(count);
  const unused = 32 - bits;
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (pendingBits < bits) {
      pending |= (bytes[at++] as number) << pendingBits;
      pendingBits += 8;
    }
    codes[i] = (pending << unused) >> unused;
    pending >>>= bits;
    pendingBits -= bits;
  }
  return codes;
}
