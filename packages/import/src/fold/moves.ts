import { contiguousStrides } from '@funhash/tensor';
import { countOf, emptyLike } from '../array.ts';
import type { Node } from '../node.ts';
import { identity, type Known } from '../value.ts';
import {
  broadcastOf,
  broadcastOffsets,
  type Fold,
  first,
  known,
  listOf,
  moved,
  type Numbers,
  offsetsOf,
  reshaped,
  transposedKnown,
} from './known.ts';
import { axesOf, reshapeTarget, shapeList, slicesOf, withUnits } from './targets.ts';

function gathered(
  node: Node,
  values: readonly (Known | undefined)[],
  spend: (n: number) => void,
): Known | undefined {
  const [data, places] = values;
  if (!data || !places) return undefined;
  const { shape } = data.known;
  const axis = node.axis(node.int('axis', 0), shape.length);
  const extent = shape[axis] as number;
  const inner = countOf(shape.slice(axis + 1));
  const count = places.known.data.length;
  const result = [...shape.slice(0, axis), ...places.known.shape, ...shape.slice(axis + 1)];
  spend(countOf(result));
  const at = (k: number): number => {
    const given = places.known.data[k] as number;
    const place = given < 0 ? given + extent : given;
    if (!(place >= 0 && place < extent)) node.refuse(`indices below ${extent}`, `${given}`);
    return place;
  };
  return moved(data, result, (k) => {
    const lead = Math.floor(k / (inner * count));
    const place = at(Math.floor(k / inner) % count);
    return (lead * extent + place) * inner + (k % inner);
  });
}

function concatenated(node: Node, values: readonly (Known | undefined)[], spend: (n: number) => void): Known {
  if (values.includes(undefined)) node.refuse('parts', 'none', 'The file is damaged.');
  const all = values as readonly Known[];
  const rank = (all[0] as Known).known.shape.length;
  const axis = node.axis(node.int('axis', 0), rank);
  const shape = [...(all[0] as Known).known.shape];
  shape[axis] = all.reduce((sum, { known }) => sum + (known.shape[axis] ?? 0), 0);
  spend(countOf(shape));
  for (const { known } of all)
    if (known.shape.length !== rank || known.shape.some((n, k) => k !== axis && n !== shape[k]))
      node.refuse(`parts like [${shape.join(', ')}]`, `[${known.shape.join(', ')}]`);
  const inner = countOf(shape.slice(axis + 1));
  const lead = countOf(shape.slice(0, axis));
  const data = emptyLike((all[0] as Known).known.data, countOf(shape));
  const marks: (string | undefined)[] | undefined = all.some((each) => each.marks) ? [] : undefined;
  let at = 0;
  for (let k = 0; k < lead; k++)
    for (const each of all) {
      const block = (each.known.shape[axis] as number) * inner;
      for (let j = 0; j < block; j++) {
        if (marks) marks[at] = each.marks?.[k * block + j];
        data[at++] = each.known.data[k * block + j] as number;
      }
    }
  return known((all[0] as Known).known.kind, shape, data, marks);
}

/** A value under a shape that it broadcasts to. */
export function expanded(node: Node, source: Known, shape: Numbers, spend: (n: number) => void): Known {
  const own = source.known.shape;
  const result = broadcastOf(node, [own, shape]);
  spend(countOf(result));
  const offsets = broadcastOffsets(own, result);
  return moved(source, result, (at) => offsets[at] as number);
}

/** Ops whose elements are those of what they read. */
export const moves: Readonly<Record<string, Fold>> = {
  Gather: gathered,
  Concat: concatenated,
  Transpose: (node, values, spend) => {
    const source = first(values);
    spend(source.known.data.length);
    const rank = source.known.shape.length;
    const order = (node.ints('perm') ?? identity(rank).reverse()).map((axis) => node.axis(axis, rank));
    if (new Set(order).size !== rank) node.refuse(`an order of ${rank} axes`, `[${order.join(', ')}]`);
    return transposedKnown(source, order);
  },
  Unsqueeze: (node, [source, given]) => {
    const { shape } = (source as Known).known;
    const count = (node.ints('axes') ?? (given ? [...given.known.data] : [])).length;
    const axes = axesOf(node, given, shape.length + count) ?? [];
    return reshaped(source as Known, withUnits(node, shape, axes));
  },
  Squeeze: (node, [source, given]) => {
    const { shape } = (source as Known).known;
    const axes =
      axesOf(node, given, shape.length) ?? identity(shape.length).filter((axis) => shape[axis] === 1);
    return reshaped(
      source as Known,
      shape.filter((_, axis) => !axes.includes(axis)),
    );
  },
  Reshape: (node, [source, shape]) => {
    const given = source as Known;
    const asked = node.ints('shape') ?? listOf(node, shape, 'shape', 16);
    const target = reshapeTarget(
      node,
      asked,
      shape?.marks,
      given.known.shape.map((n) => ({ n })),
    );
    return reshaped(
      given,
      target.map(({ n }) => n),
    );
  },
  Flatten: (node, values) => {
    const { shape } = first(values).known;
    const at = node.int('axis', 1);
    const axis = at < 0 ? at + shape.length : at;
    return reshaped(first(values), [countOf(shape.slice(0, axis)), countOf(shape.slice(axis))]);
  },
  Slice: (node, values, spend) => {
    const source = first(values);
    const { shape } = source.known;
    const ranges = slicesOf(node, shape, values);
    const strides = contiguousStrides(shape);
    const result = ranges.map(({ count }) => count);
    spend(countOf(result));
    const start = ranges.reduce((sum, range, axis) => sum + range.start * (strides[axis] as number), 0);
    const steps = ranges.map(({ step }, axis) => step * (strides[axis] as number));
    const offsets = offsetsOf(result, steps, start);
    return moved(source, result, (at) => offsets[at] as number);
  },
  Expand: (node, [source, shape], spend) =>
    expanded(node, source as Known, shapeList(node, shape, 'shape'), spend),
};
