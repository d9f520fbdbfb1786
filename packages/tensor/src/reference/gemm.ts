import type { FloatArray } from '@funhash/formula';

/**
 * The blocked product behind every matrix kernel of the reference: operands are packed into strips of four rows, and
 * a 4 × 4 block of results is summed in double precision in local variables. Elements may lie anywhere, so that no
 * transposed copy is ever made.
 */

/** `count` vectors of length `depth`, in strips of four interleaved vectors, the last strip padded with zeros. */
export interface Packed {
  readonly data: FloatArray;
  readonly count: number;
  readonly depth: number;
}

/** A matrix of vectors in a plain array: element (i, k) at starts[i] + steps[k]. */
export interface Vectors {
  readonly data: FloatArray;
  readonly starts: Int32Array;
  readonly steps: Int32Array;
}

export function pack({ data, starts, steps }: Vectors): Packed {
  const [count, depth] = [starts.length, steps.length];
  const strips = Math.ceil(count / 4);
  const size = strips * depth * 4;
  const out = data instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < count; i++) {
    const from = starts[i] as number;
    let to = (i >> 2) * depth * 4 + (i & 3);
    for (let k = 0; k < depth; k++, to += 4) out[to] = data[from + (steps[k] as number)] as number;
  }
  return { data: out, count, depth };
}

/** The place of the product of two packed operands: element (i, j) at offset + i·rowStride + j·colStride. */
export interface Target {
  readonly data: FloatArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

/**
 * target(i, j) = Σ_k a(aFrom + i, k) · b(bFrom + j, k) for i < rows, j < cols.
 *
 * @param aFrom a multiple of 4, as is bFrom
 */
export function multiplyPacked(
  a: Packed,
  b: Packed,
  target: Target,
  { aFrom = 0, rows = a.count, bFrom = 0, cols = b.count } = {},
): void {
  for (let j = 0; j < cols; j += 4)
    for (let i = 0; i < rows; i += 4)
      multiplyBlock(a, aFrom + i, b, bFrom + j, target, i, j, Math.min(4, rows - i), Math.min(4, cols - j));
}

function multiplyBlock(
  a: Packed,
  aAt: number,
  b: Packed,
  bAt: number,
  target: Target,
  i: number,
  j: number,
  rows: number,
  cols: number,
): void {
  const x = a.data;
  const y = b.data;
  const depth = a.depth;
  let p = aAt * depth;
  let q = bAt * depth;
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0;
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0;
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0;
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0;
  for (let k = 0; k < depth; k++, p += 4, q += 4) {
    const b0 = y[q] as number;
    const b1 = y[q + 1] as number;
    const b2 = y[q + 2] as number;
    const b3 = y[q + 3] as number;
    const a0 = x[p] as number;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    const a1 = x[p + 1] as number;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    const a2 = x[p + 2] as number;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    const a3 = x[p + 3] as number;
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
  }
  const { data, rowStride, colStride } = target;
  const at = target.offset + i * rowStride + j * colStride;
  store(data, at, colStride, cols, c00, c01, c02, c03);
  if (rows > 1) store(data, at + rowStride, colStride, cols, c10, c11, c12, c13);
  if (rows > 2) store(data, at + 2 * rowStride, colStride, cols, c20, c21, c22, c23);
  if (rows > 3) store(data, at + 3 * rowStride, colStride, cols, c30, c31, c32, c33);
}

function store(
  data: FloatArray,
  at: number,
  step: number,
  cols: number,
  v0: number,
  v1: number,
  v2: number,
  v3: number,
): void {
  data[at] = v0;
  if (cols > 1) data[at + step] = v1;
  if (cols > 2) data[at + 2 * step] = v2;
  if (cols > 3) data[at + 3 * step] = v3;
}
