import { countOf } from '../array.ts';
import { term } from '../extent.ts';
import type { Node } from '../node.ts';
import { identity, type Known } from '../value.ts';
import { listOf, type Numbers } from './known.ts';

/** The axes of a node, which are an attribute or its second input. */
export function axesOf(node: Node, given: Known | undefined, rank: number): number[] | undefined {
  const axes = node.ints('axes') ?? (given && [...given.known.data]);
  return axes?.map((axis) => node.axis(axis, rank));
}

/** The shape that a Reshape asks for, of values whose extents are given. */
export function reshapeTarget(
  node: Node,
  asked: Numbers,
  marks: Known['marks'],
  source: readonly { readonly n: number; readonly of?: string | undefined }[],
): { n: number; of?: string | undefined }[] {
  const keepsZero = node.int('allowzero', 0) === 1;
  const size = source.reduce((product, { n }) => product * n, 1);
  const leads = (k: number): boolean => asked.slice(0, k).every((each, at) => each === source[at]?.n);
  const target = asked.map((n, k) => {
    if (n === 0 && !keepsZero)
      return source[k] ?? node.refuse('an axis to copy', `axis ${k} of ${source.length}`);
    const own = source[k];
    // A number where the source is free in that place, behind as many elements, is the same axis.
    const isOwn = marks?.[k] === undefined && own?.n === n && leads(k);
    return isOwn ? own : { n, of: marks?.[k] };
  });
  const left = target.findIndex(({ n }) => n === -1);
  if (left >= 0) {
    const others = target.filter((_, k) => k !== left);
    const rest = others.reduce((product, { n }) => product * n, 1);
    // What is free in the source and not in the others is what is left.
    const free = source.filter(({ of }) => of !== undefined && !others.some((other) => other.of === of));
    const n = rest === 0 ? 0 : size / rest;
    const ofLeft =
      free.length === 0
        ? undefined
        : free.length === 1 && free[0]?.n === n
          ? free[0]?.of
          : term('product', ...free.map(({ of }) => of), n);
    target[left] = { n, of: ofLeft };
  }
  if (
    !target.every(({ n }) => Number.isInteger(n) && n >= 0) ||
    target.reduce((product, { n }) => product * n, 1) !== size
  )
    node.refuse(
      `a shape of ${size} elements`,
      `[${asked.join(', ')}]`,
      'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
    );
  return target;
}

/** Ranges of Slice along each axis: first place, distance, count. */
export function slicesOf(
  node: Node,
  shape: Numbers,
  values: readonly (Known | undefined)[],
): { start: number; step: number; count: number; isWhole: boolean }[] {
  const [, startsOf, endsOf, axesGiven, stepsOf] = values;
  const starts = node.ints('starts') ?? listOf(node, startsOf, 'starts');
  const ends = node.ints('ends') ?? listOf(node, endsOf, 'ends');
  const axes = node.ints('axes') ?? (axesGiven ? [...axesGiven.known.data] : identity(starts.length));
  const steps = stepsOf ? [...stepsOf.known.data] : starts.map(() => 1);
  const ranges = shape.map((count) => ({ start: 0, step: 1, count, isWhole: true }));
  axes.forEach((given, k) => {
    const axis = node.axis(given, shape.length);
    const extent = shape[axis] as number;
    const step = steps[k] ?? 1;
    if (!Number.isInteger(step) || step === 0) node.refuse('steps other than 0', `${step}`);
    const clamp = (place: number, low: number, high: number): number =>
      Math.max(low, Math.min(high, place < 0 ? place + extent : place));
    const [start, end] =
      step > 0
        ? [clamp(starts[k] ?? 0, 0, extent), clamp(ends[k] ?? 0, 0, extent)]
        : [clamp(starts[k] ?? 0, 0, extent - 1), clamp(ends[k] ?? 0, -1, extent - 1)];
    const count = Math.max(0, Math.ceil((end - start) / step));
    ranges[axis] = { start, step, count, isWhole: step === 1 && count === extent };
  });
  return ranges;
}

/** Extents of a shape that is known. */
export const shapeList = (node: Node, value: Known | undefined, name: string): number[] => {
  const list = listOf(node, value, name, 16);
  if (!list.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 31))
    node.refuse(`extents as ${name}`, `[${list.join(', ')}]`);
  if (!(countOf(list) < 2 ** 27)) node.refuse('fewer elements', `[${list.join(', ')}]`);
  return list;
};

/** A shape with axes of extent 1 at places of the result. */
export function withUnits<T extends number | { readonly n: number }>(
  node: Node,
  shape: readonly T[],
  axes: Numbers,
  unit = 1 as unknown as T,
): T[] {
  const rank = shape.length + axes.length;
  if (new Set(axes).size !== axes.length || rank > 16) node.refuse('different axes', `[${axes.join(', ')}]`);
  const rest = shape.values();
  return identity(rank).map((axis) => (axes.includes(axis) ? unit : (rest.next().value as T)));
}
