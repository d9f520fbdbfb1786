import { add, gather, matmul, multiply, reshape, sum, transpose } from '@funhash/autodiff';
import type { Word } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { balancedModes, modeCount, productOf } from '../contraction/modes.ts';
import { digitsOf } from '../ops/row-digits.ts';
import { structural } from '../options.ts';
import { defineScheme, type MatrixShape } from '../scheme.ts';
import { normalValues } from '../weight/start-values.ts';

interface Modes {
  readonly inModes: readonly number[];
  readonly outModes: readonly number[];
  readonly terms: number;
}

type Factors = Readonly<Record<string, Tensor>>;

const modes = () => structural.list({ least: 1, most: 2 ** 20, length: 16 });

/**
 * A sum of rank-one tensors over modes (CP, canonical polyadic decomposition): with rows of digits i₁ … i_d and columns
 * of digits j₁ … j_d, V[(i₁ … i_d), (j₁ … j_d)] = Σᵣ F₁[i₁, r, j₁] · … · F_d[i_d, r, j_d]. Stored are the factors
 * F_k [outMode_k, terms, inMode_k]. A term is the Kronecker product of d small matrices. Multiplied mode by mode where
 * that takes fewer multiplications than V, else by V as decoded from its factors.
 *
 *     cp({ terms: 8 })
 *     cp({ inModes: [4, 7, 7, 4], outModes: [4, 8, 8, 4], terms: 16 })
 *     cp({ ratio: 1 / 64 })
 *
 * @throws ArgumentError where modes do not multiply to the extents of the weight
 */
export const cp = defineScheme({
  kind: 'cp',
  source:
    'Hitchcock 1927, The expression of a tensor as a sum of products; Lebedev et al. 2015, arXiv:1412.6553, eq. 1',
  options: {
    /** Digits of a column, the first the most significant. Default: as equal as the factors of the columns allow. */
    inModes: modes(),
    /** Digits of a row. */
    outModes: modes(),
    /** R, the number of rank-one tensors. */
    terms: structural.integer({ least: 1, most: 65536 }),
  },
  plan: ({ rows, cols, budget, given }) => {
    const count = given.inModes?.length ?? given.outModes?.length ?? modeCount(Math.max(rows, cols));
    const inModes = given.inModes ?? balancedModes(Math.max(1, cols), count);
    const outModes = given.outModes ?? balancedModes(Math.max(1, rows), count);
    if (budget === undefined || given.terms !== undefined) return { inModes, outModes };
    return { inModes, outModes, terms: Math.max(1, Math.floor(budget / termSize({ inModes, outModes }))) };
  },
  stored: (options, { rows, cols }) => {
    const { inModes, outModes, terms } = options;
    if (
      inModes.length === 0 ||
      inModes.length !== outModes.length ||
      productOf(inModes) !== cols ||
      productOf(outModes) !== rows
    )
      throw new ArgumentError({
        operation: 'cp',
        expected: `as many inModes as outModes, with the products ${cols} and ${rows}, the columns and rows of the weight`,
        actual: `${inModes.join('×')} and ${outModes.join('×')}`,
        remedy: 'Leave modes out to have them chosen.',
      });
    return Object.fromEntries(
      inModes.map((inMode, k): [string, number[]] => [nameOf(k), [outModes[k] as number, terms, inMode]]),
    );
  },
  // Var V = R · ∏ Var F_k; then all factors alike are scaled by what this V differs from that.
  initialize: ({ options: { inModes, outModes, terms }, draw, std, measureStd }) => {
    const factorStd = (std / Math.sqrt(terms)) ** (1 / inModes.length);
    const drawn = inModes.map((inMode, k) =>
      normalValues(draw, (outModes[k] as number) * terms * inMode, factorStd),
    );
    const named = (factors: readonly Float64Array[]): Record<string, Float64Array> =>
      Object.fromEntries(factors.map((factor, k) => [nameOf(k), factor]));
    const correction = (std / measureStd(named(drawn))) ** (1 / inModes.length);
    return named(drawn.map((factor) => factor.map((x) => x * correction)));
  },
  entry: ({ row, col }, factors, { inModes, outModes, terms }) => {
    const [i, j] = [digits(row, outModes), digits(col, inModes)];
    const places = inModes.map((inMode, k) => (i[k] as Word).times(terms * inMode).plus(j[k] as Word));
    return Array.from({ length: terms }, (_, r) =>
      inModes
        .map((inMode, k) =>
          (factors[nameOf(k)] as (typeof factors)[string]).at((places[k] as Word).plus(r * inMode)),
        )
        .reduce((product, factor) => product.times(factor)),
    ).reduce((total, term) => total.plus(term));
  },
  apply: (x, factors, { options, bias, rows, cols }) => {
    if (contractionCost(options) >= rows * cols)
      return matmul(x, rowsOf(factors, options, { rows, cols }), { transposeB: true, ...(bias && { bias }) });
    const y = contracted(x, factors, options, rows);
    return bias ? add(y, bias) : y;
  },
  rowsAt: (factors, { options, ids, rows, cols }) => rowsOf(factors, options, { rows, cols }, ids),
  sample: {
    shape: { rows: 12, cols: 30 },
    requests: [
      { inModes: [3, 5, 2], outModes: [2, 3, 2], terms: 3 },
      { inModes: [6, 5], outModes: [3, 4], terms: 1 },
      { ratio: 1 / 3 },
      { inModes: [30], outModes: [12], terms: 2 },
    ],
  },
});

const nameOf = (k: number): string => `f${k + 1}`;

/** Stored values of one term. */
const termSize = ({ inModes, outModes }: Omit<Modes, 'terms'>): number =>
  inModes.reduce((total, inMode, k) => total + inMode * (outModes[k] as number), 0);

/** Multiplications for one row of x, mode by mode from the last. */
function contractionCost({ inModes, outModes, terms }: Modes): number {
  return inModes.reduce(
    (total, _, k) => total + terms * productOf(inModes.slice(0, k + 1)) * productOf(outModes.slice(k)),
    0,
  );
}

function digits(place: Word, extents: readonly number[]): Word[] {
  let below = productOf(extents);
  return extents.map((extent, k) => {
    below /= extent;
    const leading = below === 1 ? place : place.group(below);
    return k === 0 ? leading : leading.lane(extent);
  });
}

/** x·Vᵀ: z [R, B·j₁ … j_k, i_{k+1} … i_d] loses its digit j_k and gains i_k, from the last k to the first. */
function contracted(x: Tensor, factors: Factors, { inModes, outModes, terms }: Modes, rows: number): Tensor {
  const batch = x.shape[0] as number;
  let z = reshape(x, [1, 1, x.size, 1]);
  let made = 1;
  for (let k = inModes.length - 1; k >= 0; k--) {
    const [inMode, outMode] = [inModes[k] as number, outModes[k] as number];
    const before = batch * productOf(inModes.slice(0, k));
    const factor = reshape(transpose(factors[nameOf(k)] as Tensor, [1, 0, 2]), [terms, 1, outMode, inMode]);
    z = matmul(factor, reshape(z, [z.shape[0] as number, before, inMode, made]));
    made *= outMode;
  }
  return reshape(sum(z, { axis: 0 }), [batch, rows]);
}

/** Rows of V [N, cols]: rows of the factors multiplied with each other, term by term, and summed with the last ones. */
function rowsOf(
  factors: Factors,
  { inModes, outModes, terms }: Modes,
  { rows, cols }: MatrixShape,
  ids: Tensor | null = null,
): Tensor {
  const count = ids?.size ?? rows;
  const rowOf = (k: number): Tensor => {
    const digit = { below: productOf(outModes.slice(k + 1)), mode: outModes[k] as number };
    // The factors of a projection lie on the reference.
    const factor = factors[nameOf(k)] as Tensor;
    return gather(factor, digitsOf(ids, rows, digit, factor.backend));
  };
  const last = inModes.length - 1;
  if (last === 0) return sum(rowOf(0), { axis: 1 });
  let products = rowOf(0);
  for (let k = 1; k < last; k++) {
    const made = products.shape[2] as number;
    const next = reshape(rowOf(k), [count, terms, 1, inModes[k] as number]);
    products = reshape(multiply(reshape(products, [count, terms, made, 1]), next), [
      count,
      terms,
      made * (inModes[k] as number),
    ]);
  }
  return reshape(matmul(products, rowOf(last), { transposeA: true }), [count, cols]);
}
