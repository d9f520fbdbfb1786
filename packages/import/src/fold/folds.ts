import { countOf } from '../array.ts';
import { term } from '../extent.ts';
import { kindOfType } from '../onnx/decode-tensor.ts';
import type { Known } from '../value.ts';
import { arithmetic } from './arithmetic.ts';
import { broadcastOf, type Fold, first, known } from './known.ts';
import { expanded, moves } from './moves.ts';
import { axesOf, shapeList } from './targets.ts';

const keep: Fold = (_, values) => first(values);

/** Ops that are evaluated at import when all that they read is known. */
export const folds: Readonly<Record<string, Fold>> = {
  Identity: keep,
  Dropout: keep,
  Cast: (node, values) => {
    const { known: source, marks } = first(values);
    const kind = kindOfType(node.int('to', 1));
    if (!kind) return node.refuse('numbers', `type ${node.int('to', 1)}`);
    if (kind === source.kind || kind === 'float') return { ...first(values), known: { ...source, kind } };
    const data = source.data.map(kind === 'bool' ? (x) => Number(x !== 0) : Math.trunc);
    return known(kind, source.shape, data, marks);
  },
  ...arithmetic,
  ...moves,
  ConstantOfShape: (node, [shape], spend) => {
    const extents = shapeList(node, shape, 'shape');
    spend(countOf(extents));
    const value = node.array('value');
    const fill = value?.data[0] ?? 0;
    const data =
      value && value.kind !== 'float'
        ? new Float64Array(countOf(extents))
        : new Float32Array(countOf(extents));
    return known(value?.kind ?? 'float', extents, data.fill(fill));
  },
  Range: (node, values, spend) => {
    const [start, limit, step] = values.map((value) => value?.known.data[0] ?? Number.NaN) as [
      number,
      number,
      number,
    ];
    const count = Math.max(0, Math.ceil((limit - start) / step));
    if (!Number.isFinite(count)) return node.refuse('a finite range', `${start} to ${limit} by ${step}`);
    spend(count);
    return known(
      first(values).known.kind,
      [count],
      Float64Array.from({ length: count }, (_, k) => start + k * step),
      values.some((value) => value?.marks) ? Array.from({ length: count }, () => 'range') : undefined,
    );
  },
  ReduceProd: (node, values, spend) => {
    const { data, kind } = first(values).known;
    const { shape } = first(values).known;
    const axes = axesOf(node, undefined, shape.length);
    if (axes && axes.length < shape.length) return undefined;
    spend(1);
    const isKept = node.int('keepdims', 1) === 1;
    let result = 1;
    for (const value of data) result *= value;
    return known(kind, isKept ? shape.map(() => 1) : [], Float64Array.of(result), [
      term('product', ...(first(values).marks ?? [])),
    ]);
  },
  Where: (node, values, spend) => {
    const [condition, yes, no] = values as [Known, Known, Known];
    if (!condition || !yes || !no) return undefined;
    const shape = broadcastOf(
      node,
      [condition, yes, no].map((each) => each.known.shape),
    );
    const [c, y, n] = [condition, yes, no].map((each) => expanded(node, each, shape, spend)) as [
      Known,
      Known,
      Known,
    ];
    const data = y.known.data.map((value, at) =>
      (c.known.data[at] as number) !== 0 ? value : (n.known.data[at] as number),
    );
    const marks =
      y.marks || n.marks
        ? Array.from(data, (_, at) => (c.known.data[at] !== 0 ? y : n).marks?.[at])
        : undefined;
    return known(y.known.kind, shape, data, marks);
  },
};
