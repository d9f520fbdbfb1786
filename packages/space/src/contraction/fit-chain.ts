import { type Floats, transposed } from '../linear-algebra/plain-matrix.ts';
import { type RankChoice, truncatedSvd } from '../linear-algebra/truncated-svd.ts';
import type { MatrixShape } from '../scheme.ts';
import { productOf } from './modes.ts';
import { coreName, coreShapes, type TensorChain } from './tensor-chain.ts';

/** An open chain near a matrix. */
export interface FittedChain {
  readonly chain: TensorChain;
  /** Cores as they are stored, see `coreShapes`; of equal root mean square. */
  readonly cores: readonly Float64Array[];
  /** ‖V − target‖², of what lies within the modes. */
  readonly squaredError: number;
}

/** Cut k lies behind core k. */
export type RankRule = (cut: number) => RankChoice;

export const withinRanks =
  ({ bonds }: TensorChain): RankRule =>
  (cut) =>
    bonds[cut + 1] as number;

/**
 * TT-SVD (Oseledets 2011, Tensor-train decomposition, algorithm 1), core by core from whichever end is the smaller, so
 * that every decomposition is one of few rows. Each is an orthogonal projection: the squared error is the sum of the
 * squares of all singular values left out, and at most the sum over the cuts of what a cut alone must leave out at its
 * rank. That is at most d − 1 times the least there is.
 *
 * @param target [rows · cols]; modes may multiply to more, which is 0
 */
export function fitChain(
  target: Floats,
  shape: MatrixShape,
  { inModes, outModes }: Pick<TensorChain, 'inModes' | 'outModes'>,
  rankOf: RankRule,
): FittedChain {
  const extents = inModes.map((inMode, k) => inMode * (outModes[k] as number));
  const bonds = Array.from({ length: extents.length + 1 }, () => 1);
  // As [before, digits in, digits out, after].
  const cores: Floats[] = [];
  let squaredError = 0;
  let center: Floats = arranged(target, shape, { inModes, outModes });
  let [first, last] = [0, extents.length - 1];
  while (first < last) {
    const front = (bonds[first] as number) * (extents[first] as number);
    const back = (extents[last] as number) * (bonds[last + 1] as number);
    if (front <= back) {
      const found = truncatedSvd(center, front, center.length / front, rankOf(first));
      squaredError += found.squaredError;
      cores[first] = found.left;
      center = found.right;
      first++;
      bonds[first] = found.rank;
    } else {
      const length = center.length / back;
      const found = truncatedSvd(transposed(center, length, back), back, length, rankOf(last - 1));
      squaredError += found.squaredError;
      cores[last] = transposed(found.left, back, found.rank);
      center = transposed(found.right, found.rank, length);
      bonds[last] = found.rank;
      last--;
    }
  }
  cores[first] = center;
  const chain = { inModes, outModes, bonds };
  const stored = coreShapes(chain).map((core, k) => {
    const [inMode, before, outMode, after] = core as [number, number, number, number];
    const values = cores[k] as Floats;
    const sink = new Float64Array(values.length);
    for (let a = 0; a < before; a++)
      for (let j = 0; j < inMode; j++)
        for (let ib = 0; ib < outMode * after; ib++)
          sink[(j * before + a) * outMode * after + ib] = values[
            (a * inMode + j) * outMode * after + ib
          ] as number;
    return sink;
  });
  return { chain, cores: balanced(stored), squaredError };
}

/** The matrix as [digits of core 1 … digits of core d], each pair of digits with that of the column first. */
function arranged(
  target: Floats,
  { rows, cols }: MatrixShape,
  { inModes, outModes }: Pick<TensorChain, 'inModes' | 'outModes'>,
): Floats {
  const outPlaces = placesOf(rows, outModes, (k) => outModes.slice(k + 1), inModes);
  const inPlaces = placesOf(cols, inModes, (k) => outModes.slice(k), inModes);
  const size = productOf(inModes) * productOf(outModes);
  const tensor = target instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    const place = outPlaces[row] as number;
    for (let col = 0; col < cols; col++)
      tensor[place + (inPlaces[col] as number)] = target[row * cols + col] as number;
  }
  return tensor;
}

/** What each index adds to a place, by its digits: digit k counts all modes in behind it, and the modes out that are given. */
function placesOf(
  extent: number,
  modes: readonly number[],
  outBehind: (k: number) => readonly number[],
  inModes: readonly number[],
): Float64Array {
  const strides = modes.map((_, k) => productOf(outBehind(k)) * productOf(inModes.slice(k + 1)));
  return Float64Array.from({ length: extent }, (_, index) => {
    let rest = index;
    let place = 0;
    for (let k = modes.length - 1; k >= 0; k--) {
      const mode = modes[k] as number;
      place += (rest % mode) * (strides[k] as number);
      rest = Math.floor(rest / mode);
    }
    return place;
  });
}

/** Cores of the same product and of equal root mean square, as a trained network has them. */
function balanced(cores: readonly Float64Array[]): Float64Array[] {
  const sizes = cores.map((core) => Math.sqrt(core.reduce((sum, x) => sum + x * x, 0) / core.length));
  const mean = Math.exp(sizes.reduce((sum, size) => sum + Math.log(size), 0) / cores.length);
  if (!(mean > 0 && mean < Number.POSITIVE_INFINITY)) return [...cores];
  return cores.map((core, k) => core.map((x) => (x * mean) / (sizes[k] as number)));
}

/**
 * The cores of a fitted chain inside those of one with bonds that are larger, or closed to a ring: V is the same. What
 * is added is 0, but for the last core of a ring, which keeps its values there: its first core, 0 there, can then be
 * trained.
 */
export function embedded(
  { chain: small, cores }: FittedChain,
  chain: TensorChain,
  present: Readonly<Record<string, Float64Array>>,
): Record<string, Float64Array> {
  const count = cores.length;
  const smallShapes = coreShapes(small);
  return Object.fromEntries(
    coreShapes(chain).map((shape, k) => {
      const [, before, outMode, after] = shape as [number, number, number, number];
      const [, a, , b] = smallShapes[k] as [number, number, number, number];
      const keeps = k > 0 && k === count - 1;
      const values = Float64Array.from({ length: productOf(shape) }, (_, at) => {
        const atAfter = at % after;
        const atOut = Math.floor(at / after) % outMode;
        const atBefore = Math.floor(at / (after * outMode)) % before;
        const atIn = Math.floor(at / (after * outMode * before));
        if (atAfter >= b) return keeps ? (present[coreName(k)]?.[at] ?? 0) : 0;
        if (atBefore >= a) return 0;
        return cores[k]?.[((atIn * a + atBefore) * outMode + atOut) * b + atAfter] as number;
      });
      return [coreName(k), values];
    }),
  );
}
