import type { CodeBits } from './dequantize.ts';
import { packedLength } from './unpack-codes.ts';

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
