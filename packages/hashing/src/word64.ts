/** A 64-bit word as two unsigned 32-bit halves, so that 64-bit arithmetic needs no BigInt. Exact, modulo 2^64. */
export interface Word64 {
  readonly high: number;
  readonly low: number;
}

/** High word of the 64-bit product of two unsigned 32-bit numbers: floor(a·b / 2^32), exact. */
export function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // No partial sum exceeds a word, since (2^16 − 1)² + 2^16 − 1 < 2^32; `| 0` lets engines keep them in integers.
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

export function word64(high: number, low: number): Word64 {
  return { high: high >>> 0, low: low >>> 0 };
}

export function add64(a: Word64, b: Word64): Word64 {
  const low = a.low + b.low;
  return word64(a.high + b.high + (low > 0xffffffff ? 1 : 0), low);
}

export function mul64(a: Word64, b: Word64): Word64 {
  const high = mulHigh(a.low, b.low) + Math.imul(a.low, b.high) + Math.imul(a.high, b.low);
  return word64(high, Math.imul(a.low, b.low));
}

export function xor64(a: Word64, b: Word64): Word64 {
  return word64(a.high ^ b.high, a.low ^ b.low);
}

/** Rotation to the left by 1–31 bits. */
export function rotl64(a: Word64, bits: number): Word64 {
  const rest = 32 - bits;
  return word64((a.high << bits) | (a.low >>> rest), (a.low << bits) | (a.high >>> rest));
}

/** Logical shift to the right by 1–63 bits. */
export function shr64(a: Word64, bits: number): Word64 {
  if (bits >= 32) return word64(0, a.high >>> (bits - 32));
  return word64(a.high >>> bits, (a.low >>> bits) | (a.high << (32 - bits)));
}
