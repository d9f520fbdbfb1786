import { Dense, Embedding } from '@funhash/layers';
import { emptyLike, type NumberArray } from '../array.ts';
import type { LayerPlan } from '../builder.ts';
import { type Extent, fixed, shownShape } from '../extent.ts';
import { transposedKnown } from '../fold/known.ts';
import { type Flow, identity, isKnown, type Known, type Value } from '../value.ts';
import { type Context, type Rule, scalarOf, withColumns } from './context.ts';
import { filled } from './layer-parts.ts';

const scaled = (array: NumberArray, factor: number): NumberArray =>
  factor === 1 ? array : { ...array, data: array.data.map((value) => value * factor) };

/** A dense layer of a matrix [out, in] that is known. */
export function densePlan(weight: NumberArray, bias?: NumberArray): LayerPlan {
  const [out, width] = weight.shape as [number, number];
  return {
    build: (own, activation) =>
      filled(
        new Dense({ in: width, out, bias: own !== undefined, ...(activation && { activation }) }),
        weight,
        own,
      ),
    ...(bias ? { bias } : { takesBias: out }),
    takesActivation: true,
  };
}

/** x · Vᵀ along the last axis that the file means, V [out, in]. */
function dense(x: Flow, weight: Known, context: Context, bias?: NumberArray): Flow {
  const rank = x.shape.length;
  const isLast = x.order.at(-1) === rank - 1;
  const given = isLast ? x : context.plain(x);
  // The columns of a matrix lie as what it is multiplied with.
  const matrix = given.columns ? withColumns(weight, given.columns) : weight;
  const [out] = weight.known.shape as [number, number];
  const shape = [...x.shape.slice(0, -1), fixed(out)];
  const place = context.builder.layer(
    densePlan(matrix.known, bias),
    given.place,
    context.lying(shape, given.order),
  );
  return { place, shape, order: given.order, kind: 'float' };
}

const matmul: Rule = (node, inputs, context) => {
  const [a, b] = [context.need(node, inputs, 0, 'A'), context.need(node, inputs, 1, 'B')];
  const shapes = [a, b].map((value) => (isKnown(value) ? value.known.shape.map(fixed) : value.shape)) as [
    Extent[],
    Extent[],
  ];
  const [x, y] = shapes;
  const inner = y.length === 1 ? y[0] : y.at(-2);
  if (x.length === 0 || y.length === 0 || x.at(-1)?.n !== inner?.n)
    return node.refuse('matrices that fit', `${shownShape(x)} and ${shownShape(y)}`);
  if (!isKnown(a) && isKnown(b) && y.length === 2 && x.length >= 2)
    return [dense(a, transposedKnown(b, [1, 0]), context)];
  const lead = (shape: readonly Extent[]): Extent[] =>
    shape.slice(0, Math.max(0, shape.length - 2)) as Extent[];
  const [p, q] = [context.plain(context.flow(a)), context.plain(context.flow(b))];
  // Vectors are matrices of one row or column.
  const left = x.length === 1 ? context.builder.reshape(p.place, [fixed(1), x[0] as Extent]) : p.place;
  const right = y.length === 1 ? context.builder.reshape(q.place, [y[0] as Extent, fixed(1)]) : q.place;
  const [longer, shorter] = lead(x).length >= lead(y).length ? [lead(x), lead(y)] : [lead(y), lead(x)];
  const batch = longer.map((extent, k) => {
    const other = shorter[k - longer.length + shorter.length];
    return other && extent.n === 1 ? other : extent;
  });
  const rows = x.length === 1 ? fixed(1) : (x.at(-2) as Extent);
  const cols = y.length === 1 ? fixed(1) : (y.at(-1) as Extent);
  let place = context.builder.step('matmul', [left, right], [...batch, rows, cols]);
  const shape = [...batch, ...(x.length === 1 ? [] : [rows]), ...(y.length === 1 ? [] : [cols])];
  if (x.length === 1 || y.length === 1) place = context.builder.reshape(place, shape);
  return [{ place, shape, order: identity(shape.length), kind: 'float' }];
};

const gemm: Rule = (node, inputs, context) => {
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)];
  const [isTurnedA, isTurnedB] = [node.int('transA', 0) !== 0, node.int('transB', 0) !== 0];
  const turned = (value: Value): Value =>
    isKnown(value)
      ? transposedKnown(value, [1, 0])
      : {
          ...context.withoutColumns(value),
          shape: [...value.shape].reverse(),
          order: context.withoutColumns(value).order.map((axis) => 1 - axis),
        };
  const [a, b] = [context.need(node, inputs, 0, 'A'), context.need(node, inputs, 1, 'B')];
  for (const value of [a, b])
    if ((isKnown(value) ? value.known.shape : value.shape).length !== 2)
      node.refuse('matrices', isKnown(value) ? `[${value.known.shape}]` : shownShape(value.shape));
  const [x, y] = [isTurnedA ? turned(a) : a, isTurnedB ? turned(b) : b];
  const c = inputs[2];
  if (!isKnown(x) && isKnown(y)) {
    const weight = transposedKnown(y, [1, 0]);
    const [out, width] = weight.known.shape as [number, number];
    if (x.shape[1]?.n !== width) return node.refuse(`${width} features`, shownShape(x.shape));
    const bias = c && biasOf(c, out, beta);
    const product = dense(x, { ...weight, known: scaled(weight.known, alpha) }, context, bias);
    return c && !bias ? sum(product, c, beta) : [product];
  }
  const [product] = matmul(node, [x, y], context) as [Flow];
  const scaledProduct = alpha === 1 ? product : context.map(product, 'linear', { factor: alpha, offset: 0 });
  return c ? sum(scaledProduct, c, beta) : [scaledProduct];

  function sum(left: Flow, right: Value, factor: number): readonly Flow[] {
    const added: Value = isKnown(right)
      ? { ...right, known: scaled(right.known, factor) }
      : factor === 1
        ? right
        : context.map(right, 'linear', { factor, offset: 0 });
    return [context.join(node, 'add', [left, added])];
  }
};

/** A bias [out] of what Gemm adds; undefined where that differs from row to row. */
function biasOf(value: Value, out: number, factor: number): NumberArray | undefined {
  if (!isKnown(value)) return undefined;
  const { known } = value;
  const single = scalarOf(value);
  const isRow = known.shape.at(-1) === out && known.data.length === out;
  if (!isRow && single === undefined) return undefined;
  const data = emptyLike(known.data, out);
  for (let k = 0; k < out; k++) data[k] = factor * (isRow ? (known.data[k] as number) : (single as number));
  return { kind: 'float', shape: [out], data };
}

/** Rows of a known matrix by numbers that follow the input: an embedding. */
export const embedding: Rule = (node, inputs, context) => {
  const table = inputs[0] as Known;
  const places = context.plain(context.flowAt(node, inputs, 1, 'indices'));
  const axis = node.axis(node.int('axis', 0), table.known.shape.length);
  if (table.known.shape.length !== 2 || axis !== 0)
    return node.refuse('rows of a matrix', `axis ${axis} of [${table.known.shape}]`);
  const [rows, width] = table.known.shape as [number, number];
  if (rows < 1 || width < 1) return node.refuse('a matrix with elements', `[${table.known.shape}]`);
  const shape = [...places.shape, fixed(width)];
  const plan = { build: () => filled(new Embedding({ in: rows, out: width }), table.known) };
  return [
    {
      place: context.builder.layer(plan, places.place, shape),
      shape,
      order: identity(shape.length),
      kind: 'float',
    },
  ];
};

/** Ops with matrices. */
export const productRules: Readonly<Record<string, Rule>> = { MatMul: matmul, Gemm: gemm };
