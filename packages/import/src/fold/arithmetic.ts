import { countOf, emptyLike, type NumberKind } from '../array.ts';
import { term } from '../extent.ts';
import { broadcastOf, broadcastOffsets, type Fold, first, known } from './known.ts';

const binary =
  (name: string, compute: (a: number, b: number) => number, result?: NumberKind): Fold =>
  (node, [a, b], spend) => {
    if (!a || !b) return undefined;
    const shape = broadcastOf(node, [a.known.shape, b.known.shape]);
    spend(countOf(shape));
    const offsets = [a, b].map(({ known }) => broadcastOffsets(known.shape, shape)) as [
      Float64Array,
      Float64Array,
    ];
    const kind = result ?? (a.known.kind === 'float' || b.known.kind === 'float' ? 'float' : 'int');
    const isWide = a.known.data instanceof Float64Array && b.known.data instanceof Float64Array;
    const data = isWide ? new Float64Array(offsets[0].length) : new Float32Array(offsets[0].length);
    for (let at = 0; at < data.length; at++) {
      const value = compute(
        a.known.data[offsets[0][at] as number] as number,
        b.known.data[offsets[1][at] as number] as number,
      );
      data[at] = kind === 'int' && name === 'Div' ? Math.trunc(value) : value;
    }
    const marks =
      a.marks || b.marks
        ? Array.from(data, (_, at) => {
            const [x, y] = [offsets[0][at] as number, offsets[1][at] as number];
            const [p, q] = [a.marks?.[x], b.marks?.[y]];
            const [m, n] = [a.known.data[x] as number, b.known.data[y] as number];
            // What does nothing keeps the name of what it is done to.
            if (name === 'Mul' && (n === 1 || m === 1)) return p ?? q;
            if ((name === 'Div' && n === 1) || (name === 'Add' && n === 0) || (name === 'Sub' && n === 0))
              return p;
            return result ? undefined : term(name, p ?? m, q ?? n);
          })
        : undefined;
    return known(kind, shape, data, marks);
  };

const unary =
  (compute: (a: number) => number, kind?: NumberKind): Fold =>
  (node, values, spend) => {
    const { known: source, marks } = first(values);
    spend(source.data.length);
    const data = emptyLike(source.data, source.data.length);
    for (let at = 0; at < data.length; at++) data[at] = compute(source.data[at] as number);
    const kept = marks?.map((mark) => term(node.op, mark));
    return known(kind ?? source.kind, source.shape, data, kept);
  };

/** Ops of each element. */
export const arithmetic: Readonly<Record<string, Fold>> = {
  Add: binary('Add', (a, b) => a + b),
  Sub: binary('Sub', (a, b) => a - b),
  Mul: binary('Mul', (a, b) => a * b),
  Div: binary('Div', (a, b) => a / b),
  Pow: binary('Pow', (a, b) => a ** b),
  Min: binary('Min', Math.min),
  Max: binary('Max', Math.max),
  Equal: binary('Equal', (a, b) => Number(a === b), 'bool'),
  Greater: binary('Greater', (a, b) => Number(a > b), 'bool'),
  Less: binary('Less', (a, b) => Number(a < b), 'bool'),
  And: binary('And', (a, b) => Number(a !== 0 && b !== 0), 'bool'),
  Or: binary('Or', (a, b) => Number(a !== 0 || b !== 0), 'bool'),
  Not: unary((a) => Number(a === 0), 'bool'),
  Neg: unary((a) => -a),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((a) => 1 / a),
};
