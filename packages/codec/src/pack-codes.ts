import type { CodeBits } from './quantize.ts';

/** Bytes of so many codes. */
export const packedLength = (count: number, bits: CodeBits): number => Math.ceil((count * bits) / 8);

/** Codes in two's complement of `bits` bits, one behind the other from the lowest bit of the first byte on. */
export function packCodes(codes: Int8Array, bits: CodeBits): Uint8Array {
  const bytes = new Uint8Array(packedLength(codes.length, bits));
  const mask = 2 ** bits - 1;
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let i = 0; i < codes.length; i++) {
    pending |= ((codes[i] as number) & mask) << pendingBits;
    pendingBits += bits;
    if (pendingBits < 8) continue;
    bytes[at++] = pending;
    pending >>>= 8;
    pendingBits -= 8;
  }
  if (pendingBits > 0) bytes[at] = pending;
  return bytes;
}

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
