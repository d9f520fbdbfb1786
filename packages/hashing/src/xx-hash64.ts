import { ArgumentError } from './errors.ts';
import { requireView } from './require-view.ts';
import { add64, mul64, rotl64, shr64, type Word64, word64, xor64 } from './word64.ts';

// The five primes of the xxHash specification (Collet, "xxHash fast digest algorithm", XXH64).
const P1 = word64(0x9e3779b1, 0x85ebca87);
const P2 = word64(0xc2b2ae3d, 0x27d4eb4f);
const P3 = word64(0x165667b1, 0x9e3779f9);
const P4 = word64(0x85ebca77, 0xc2b2ae63);
const P5 = word64(0x27d4eb2f, 0x165667c5);
const MINUS_P1 = word64(~P1.high, -P1.low);

const ZERO = word64(0, 0);
const STRIPE = 32;

/**
 * xxHash64 of a byte string (Collet, xxHash specification, XXH64).
 *
 * @param bytes the message, any length
 * @param seed a number in 0 … 2^53 − 1, or a bigint taken modulo 2^64; default 0
 * @returns the 64-bit hash, unsigned
 * @throws ArgumentError for what is no bytes, and when a number seed is negative, fractional or above 2^53 − 1
 */
export function xxHash64(bytes: Uint8Array, seed: number | bigint = 0): bigint {
  requireView('xxHash64', bytes, typeof seed === 'bigint' ? 0 : seed);
  const h = xxHash64Halves(bytes, seedHalves(seed));
  return (BigInt(h.high) << 32n) | BigInt(h.low);
}

/** `xxHash64` in 32-bit halves, without BigInt. */
export function xxHash64Halves(bytes: Uint8Array, seed: Word64): Word64 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength;
  let offset = 0;
  let h: Word64;
  if (length >= STRIPE) {
    let a = add64(add64(seed, P1), P2);
    let b = add64(seed, P2);
    let c = seed;
    let d = add64(seed, MINUS_P1);
    for (; offset + STRIPE <= length; offset += STRIPE) {
      a = stripeRound(a, readWord(view, offset));
      b = stripeRound(b, readWord(view, offset + 8));
      c = stripeRound(c, readWord(view, offset + 16));
      d = stripeRound(d, readWord(view, offset + 24));
    }
    h = add64(add64(rotl64(a, 1), rotl64(b, 7)), add64(rotl64(c, 12), rotl64(d, 18)));
    for (const lane of [a, b, c, d]) {
      h = add64(mul64(xor64(h, stripeRound(ZERO, lane)), P1), P4);
    }
  } else {
    h = add64(seed, P5);
  }
  h = add64(h, word64(length / 2 ** 32, length));
  for (; offset + 8 <= length; offset += 8) {
    h = xor64(h, stripeRound(ZERO, readWord(view, offset)));
    h = add64(mul64(rotl64(h, 27), P1), P4);
  }
  for (; offset + 4 <= length; offset += 4) {
    h = xor64(h, mul64(word64(0, view.getUint32(offset, true)), P1));
    h = add64(mul64(rotl64(h, 23), P2), P3);
  }
  for (; offset < length; offset += 1) {
    h = xor64(h, mul64(word64(0, view.getUint8(offset)), P5));
    h = mul64(rotl64(h, 11), P1);
  }
  h = mul64(xor64(h, shr64(h, 33)), P2);
  h = mul64(xor64(h, shr64(h, 29)), P3);
  return xor64(h, shr64(h, 32));
}

function stripeRound(lane: Word64, word: Word64): Word64 {
  return mul64(rotl64(add64(lane, mul64(word, P2)), 31), P1);
}

function readWord(view: DataView, offset: number): Word64 {
  return word64(view.getUint32(offset + 4, true), view.getUint32(offset, true));
}

function seedHalves(seed: number | bigint): Word64 {
  if (typeof seed === 'bigint')
    return word64(Number((seed >> 32n) & 0xffffffffn), Number(seed & 0xffffffffn));
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError({
      operation: 'xxHash64',
      expected: 'a seed that is an integer in 0 … 2^53 − 1',
      actual: String(seed),
      remedy: 'Pass larger or negative seeds as a bigint.',
    });
  }
  return word64(seed / 2 ** 32, seed);
}
