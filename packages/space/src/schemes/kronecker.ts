import { add, gather, matmul, reshape, transpose } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { rankOneTerms } from '../linear-algebra/rank-one-terms.ts';
import { digitsOf } from '../ops/row-digits.ts';
import { structural } from '../options.ts';
import { defineScheme, type MatrixShape } from '../scheme.ts';
import { normalValues } from '../weight/start-values.ts';

type Shapes = readonly (readonly number[])[];

/**
 * V = Σᵣ Aᵣ ⊗ Bᵣ with A [p, q] and B [m, n], p·m rows and q·n columns: V[i, j] = Σᵣ Aᵣ[⌊i/m⌋, ⌊j/n⌋]·Bᵣ[i mod m, j mod n].
 * Stored are a [p, q, terms] and b [terms, m, n]. Products are contracted: x·Vᵀ takes two small products for each row
 * of x, first that with the factor which makes the sum of both cheaper.
 */
export const kronecker = defineScheme({
  kind: 'kronecker',
  source: 'Van Loan and Pitsianis 1993, Approximation with Kronecker products, eq. 1',
  options: {
    terms: structural.integer({ least: 1, most: 65536 }),
    /** [[p, q], [m, n]]. Default: those that store least, of nearly equal ones the most nearly square. */
    shapes: structural.shapes(2, 2),
  },
  plan: ({ rows, cols, budget, given: { terms, shapes = leastShapes({ rows, cols }) } }) => {
    const values = valuesOf(shapes);
    if (terms !== undefined || budget === undefined) return { shapes };
    if (budget < values)
      throw new ArgumentError({
        operation: 'kronecker',
        expected: `at least ${values} values, one term ${textOf(shapes)} of a ${rows} × ${cols} matrix`,
        actual: `a budget of ${budget}`,
        remedy: 'Give it a larger ratio, or choose another scheme for this layer.',
      });
    return { shapes, terms: Math.min(Math.floor(budget / values), mostTerms(shapes)) };
  },
  stored: ({ terms, shapes }, { rows, cols }) => {
    const { p, q, m, n } = extentsOf(shapes);
    const most = mostTerms(shapes);
    const isProduct = p * m === rows && q * n === cols;
    if (!isProduct || terms > most)
      throw new ArgumentError({
        operation: 'kronecker',
        expected: isProduct
          ? `at most ${most} terms, which give any matrix as ${textOf(shapes)}`
          : `shapes whose product is the ${rows} × ${cols} of the weight`,
        actual: isProduct ? String(terms) : `${textOf(shapes)} = ${p * m} × ${q * n}`,
        remedy: isProduct ? 'Take fewer terms, or other shapes.' : 'Leave shapes out to have them chosen.',
      });
    return { a: [p, q, terms], b: [terms, m, n] };
  },
  // Var V = terms · Var A · Var B.
  initialize: ({ options: { terms, shapes }, draw, std }) => {
    const { p, q, m, n } = extentsOf(shapes);
    const factorStd = Math.sqrt(std / Math.sqrt(terms));
    return {
      a: normalValues(draw, p * q * terms, factorStd),
      b: normalValues(draw, terms * m * n, factorStd),
    };
  },
  entry: ({ row, col }, { a, b }, { terms, shapes }) => {
    const { q, m, n } = extentsOf(shapes);
    const atA = row.group(m).times(q).plus(col.group(n)).times(terms);
    const atB = row.lane(m).times(n).plus(col.lane(n));
    return Array.from({ length: terms }, (_, r) => a.at(atA.plus(r)).times(b.at(atB.plus(r * m * n)))).reduce(
      (sum, term) => sum.plus(term),
    );
  },
  apply: (x, { a, b }, { bias, rows, options: { terms, shapes } }) => {
    const { p, q, m, n } = extentsOf(shapes);
    const batch = x.shape[0] as number;
    // Multiplications for each row of x, with B first and with A first.
    const isLeftLast = q * m * (n + p) <= p * n * (q + m);
    const y = isLeftLast
      ? matmul(
          reshape(a, [p, q * terms]),
          reshape(matmul(reshape(x, [batch * q, n]), reshape(b, [terms * m, n]), { transposeB: true }), [
            batch,
            q * terms,
            m,
          ]),
        )
      : matmul(
          reshape(matmul(reshape(transpose(a, [0, 2, 1]), [p * terms, q]), reshape(x, [batch, q, n])), [
            batch * p,
            terms * n,
          ]),
          reshape(transpose(b, [0, 2, 1]), [terms * n, m]),
        );
    const flat = reshape(y, [batch, rows]);
    return bias ? add(flat, bias) : flat;
  },
  // Van Loan and Pitsianis, section 2: rearranged to [p·q, m·n] every Aᵣ ⊗ Bᵣ is a matrix of rank 1.
  fit: ({ cols, options: { terms, shapes }, target }) => {
    const { p, q, m, n } = extentsOf(shapes);
    const rearranged = new Float64Array(target.length);
    target.forEach((value, at) => {
      const [i, j] = [Math.floor(at / cols), at % cols];
      const [block, place] = [Math.floor(i / m) * q + Math.floor(j / n), (i % m) * n + (j % n)];
      rearranged[block * m * n + place] = value;
    });
    return rankOneTerms(rearranged, { rows: p * q, cols: m * n, count: terms });
  },
  sample: {
    shape: { rows: 12, cols: 20 },
    requests: [
      { ratio: 1 / 2 },
      { terms: 1 },
      {
        terms: 3,
        shapes: [
          [2, 10],
          [6, 2],
        ],
      },
      {
        terms: 3,
        shapes: [
          [6, 2],
          [2, 10],
        ],
      },
    ],
    stdTolerance: 0.15,
  },
  rowsAt: ({ a, b }, { rows, cols, ids, options: { terms, shapes } }) => {
    const { p, q, m, n } = extentsOf(shapes);
    if (ids) {
      const count = ids.size;
      const left = gather(a, digitsOf(ids, rows, { below: m, mode: p }));
      const right = gather(transpose(b, [1, 0, 2]), digitsOf(ids, rows, { below: 1, mode: m }));
      return reshape(matmul(left, right), [count, cols]);
    }
    const products = matmul(reshape(a, [p * q, terms]), reshape(b, [terms, m * n]));
    return reshape(transpose(reshape(products, [p, q, m, n]), [0, 2, 1, 3]), [rows, cols]);
  },
});

function extentsOf(shapes: Shapes): Readonly<Record<'p' | 'q' | 'm' | 'n', number>> {
  const [[p, q], [m, n]] = shapes as readonly [readonly [number, number], readonly [number, number]];
  return { p, q, m, n };
}

function textOf(shapes: Shapes): string {
  return shapes.map((shape) => shape.join('×')).join(' ⊗ ');
}

/** Stored values of one term. */
function valuesOf(shapes: Shapes): number {
  const { p, q, m, n } = extentsOf(shapes);
  return p * q + m * n;
}

// V rearranged so that every Aᵣ ⊗ Bᵣ is a matrix of rank 1 is [p·q, m·n].
function mostTerms(shapes: Shapes): number {
  const { p, q, m, n } = extentsOf(shapes);
  return Math.min(p * q, m * n);
}

/** How much more than the least a term may store for the sake of squarer factors. */
const tolerance = 1.1;

function leastShapes({ rows, cols }: MatrixShape): number[][] {
  const choices = divisorsOf(Math.max(1, rows)).flatMap((p) =>
    divisorsOf(Math.max(1, cols)).map((q) => [
      [p, q],
      [rows / p, cols / q],
    ]),
  );
  const least = choices.reduce((sum, shapes) => Math.min(sum, valuesOf(shapes)), Number.POSITIVE_INFINITY);
  const elongation = (shapes: Shapes): number =>
    shapes.reduce(
      (sum, [height, width]) => sum + Math.abs(Math.log((height as number) / (width as number))),
      0,
    );
  return choices
    .filter((shapes) => valuesOf(shapes) <= tolerance * least)
    .reduce((best, shapes) => (elongation(shapes) < elongation(best) - 1e-9 ? shapes : best));
}

function divisorsOf(n: number): number[] {
  const small: number[] = [];
  for (let d = 1; d * d <= n; d++) if (n % d === 0) small.push(d);
  return [
    ...small,
    ...small
      .map((d) => n / d)
      .filter((d) => d * d !== n)
      .reverse(),
  ];
}
