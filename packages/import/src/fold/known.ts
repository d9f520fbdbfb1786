import { broadcastStrides, contiguousStrides, shapeText } from '@funhash/tensor';
import { countOf, emptyLike, type NumberArray, type NumberKind, visitPlaces } from '../array.ts';
import { broadcastShape, fixed, numbersOf } from '../extent.ts';
import type { Node } from '../node.ts';
import type { Known } from '../value.ts';

/** What a node makes of values that are all known; undefined where it is not evaluated at import. */
export type Fold = (
  node: Node,
  values: readonly (Known | undefined)[],
  spend: (values: number) => void,
) => Known | undefined;

export type Numbers = readonly number[];

export const known = (
  kind: NumberKind,
  shape: Numbers,
  data: NumberArray['data'],
  marks?: Known['marks'],
): Known => ({ known: { kind, shape, data }, ...(marks?.some((mark) => mark !== undefined) && { marks }) });

/** The numbers of a known value, of at most so many. */
export function listOf(node: Node, value: Known | undefined, name: string, most = 2 ** 20): number[] {
  if (!value || value.known.data.length > most)
    return node.refuse(`known numbers as ${name}`, value ? 'too many' : 'values that follow the input');
  return [...value.known.data];
}

export const first = (values: readonly (Known | undefined)[]): Known => values[0] as Known;

/** A value whose elements are those of another one, at given places. */
export function moved(source: Known, shape: Numbers, places: (at: number) => number): Known {
  const { kind, data } = source.known;
  const result = emptyLike(data, countOf(shape));
  for (let at = 0; at < result.length; at++) result[at] = data[places(at)] as number;
  const marks = source.marks && Array.from(result, (_, at) => source.marks?.[places(at)]);
  return { ...known(kind, shape, result, marks), ...(source.isWeight && { isWeight: true }) };
}

export const reshaped = (source: Known, shape: Numbers): Known => ({
  ...source,
  known: { ...source.known, shape },
});

/** Offsets of elements of a shape under steps, as a list. */
export function offsetsOf(shape: Numbers, steps: Numbers, start = 0): Float64Array {
  const offsets = new Float64Array(countOf(shape));
  let at = 0;
  visitPlaces(shape, steps, (offset) => {
    offsets[at++] = start + offset;
  });
  return offsets;
}

export function transposedKnown(source: Known, order: Numbers): Known {
  const strides = contiguousStrides(source.known.shape);
  const shape = order.map((axis) => source.known.shape[axis] as number);
  const offsets = offsetsOf(
    shape,
    order.map((axis) => strides[axis] as number),
  );
  return moved(source, shape, (at) => offsets[at] as number);
}

/** The shape of operands that broadcast. */
export function broadcastOf(node: Node, shapes: readonly Numbers[]): number[] {
  const shape = broadcastShape(shapes.map((each) => each.map(fixed)));
  return shape
    ? numbersOf(shape)
    : node.refuse('operands that broadcast', shapes.map((each) => shapeText(each)).join(' and '));
}

/** Offsets in an array of `own` for each element of the shape that it broadcasts to. */
export const broadcastOffsets = (own: Numbers, shape: Numbers): Float64Array =>
  offsetsOf(shape, broadcastStrides(own, contiguousStrides(own), shape));
