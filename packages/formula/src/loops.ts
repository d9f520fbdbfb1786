import { below } from '@funhash/hashing';
import type { RealOp, WordOp } from './graph.ts';
import { realMeaning } from './real.ts';

/**
 * One plain loop per operation, over whole registers. Words live in Int32Arrays: the bits are those of the unsigned
 * word, and V8 keeps them as machine integers.
 */

export type FloatArray = Float32Array | Float64Array;

type WordLoop = (out: Int32Array, a: Int32Array, b: Int32Array, n: number) => void;
type ImmediateLoop = (out: Int32Array, a: Int32Array, value: number, n: number) => void;
type RealLoop = (out: FloatArray, a: FloatArray, b: FloatArray, n: number) => void;
type UnaryLoop = (out: FloatArray, a: FloatArray, n: number) => void;

const at = (array: Int32Array, i: number): number => array[i] as number;

export const wordLoops: Partial<Record<WordOp, WordLoop>> = {
  add: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = (at(a, i) + at(b, i)) | 0;
  },
  mul: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.imul(at(a, i), at(b, i));
  },
  xor: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) ^ at(b, i);
  },
  and: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) & at(b, i);
  },
  or: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) | at(b, i);
  },
  below: (out, a, b, n) => {
    for (let i = 0; i < n; i++) {
      const limit = at(b, i) >>> 0;
      // The product is exact in a double below 2^53, so one multiplication by a power of two is enough.
      out[i] =
        limit <= 0x1fffff ? ((at(a, i) >>> 0) * limit * 2 ** -32) | 0 : below(at(a, i) >>> 0, limit) | 0;
    }
  },
  div: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = ((at(a, i) >>> 0) / (at(b, i) >>> 0)) | 0;
  },
  rem: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = ((at(a, i) >>> 0) % (at(b, i) >>> 0)) | 0;
  },
  equal: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) === at(b, i) ? 1 : 0;
  },
  less: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) >>> 0 < at(b, i) >>> 0 ? 1 : 0;
  },
};

export const immediateLoops: Partial<Record<WordOp, ImmediateLoop>> = {
  shl: (out, a, bits, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) << bits;
  },
  shr: (out, a, bits, n) => {
    for (let i = 0; i < n; i++) out[i] = at(a, i) >>> bits;
  },
  rotl: (out, a, bits, n) => {
    for (let i = 0; i < n; i++) out[i] = (at(a, i) << bits) | (at(a, i) >>> (32 - bits));
  },
  group: (out, a, size, n) => {
    const bits = powerOfTwo(size);
    if (bits !== undefined) for (let i = 0; i < n; i++) out[i] = at(a, i) >>> bits;
    else for (let i = 0; i < n; i++) out[i] = ((at(a, i) >>> 0) / size) | 0;
  },
  lane: (out, a, size, n) => {
    if (powerOfTwo(size) !== undefined) for (let i = 0; i < n; i++) out[i] = at(a, i) & (size - 1);
    else for (let i = 0; i < n; i++) out[i] = ((at(a, i) >>> 0) % size) | 0;
  },
};

// A division costs as much as the ten operations around it; most blocks have a power of two.
function powerOfTwo(size: number): number | undefined {
  const bits = Math.log2(size);
  return Number.isInteger(bits) && bits < 32 ? bits : undefined;
}

const value = (array: FloatArray, i: number): number => array[i] as number;

export const realLoops: Partial<Record<RealOp, RealLoop>> = {
  plus: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = value(a, i) + value(b, i);
  },
  minus: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = value(a, i) - value(b, i);
  },
  times: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = value(a, i) * value(b, i);
  },
  over: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = value(a, i) / value(b, i);
  },
  maximum: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.max(value(a, i), value(b, i));
  },
  minimum: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.min(value(a, i), value(b, i));
  },
  gatedBy: (out, a, b, n) => {
    for (let i = 0; i < n; i++) out[i] = realMeaning.gatedBy(value(a, i), value(b, i));
  },
};

const unary =
  (f: (x: number) => number): UnaryLoop =>
  (out, a, n) => {
    for (let i = 0; i < n; i++) out[i] = f(value(a, i));
  };

export const unaryLoops: Partial<Record<RealOp, UnaryLoop>> = {
  negate: (out, a, n) => {
    for (let i = 0; i < n; i++) out[i] = -value(a, i);
  },
  relu: (out, a, n) => {
    for (let i = 0; i < n; i++) {
      const x = value(a, i);
      out[i] = x > 0 || Number.isNaN(x) ? x : 0;
    }
  },
  sqrt: (out, a, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.sqrt(value(a, i));
  },
  tanh: unary(Math.tanh),
  sech: unary(realMeaning.sech),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  floor: unary(Math.floor),
};
