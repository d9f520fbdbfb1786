import { broadcastShape, type Extent, fixed, numbersOf, shownShape, sizeOf } from '../extent.ts';
import { listOf } from '../fold/known.ts';
import { slicesOf } from '../fold/targets.ts';
import { type Flow, identity, isKnown, isOrder } from '../value.ts';
import { type Context, type Rule, scalarOf } from './context.ts';
import { given, reshaped, withoutAxes } from './shape.ts';

/** One part of an axis. */
function part(
  flow: Flow,
  axis: number,
  range: { readonly start: number; readonly count: number; readonly step?: number },
  context: Context,
): Flow {
  const { start, count, step = 1 } = range;
  const shape = flow.shape.map((extent, k) => (k === axis ? fixed(count) : extent));
  const at = flow.order.indexOf(axis);
  const end = start + count * step;
  const place = context.builder.step('slice', [flow.place], context.lying(shape, flow.order), {
    axis: at,
    start,
    // Backwards to the first place there is no place before which a slice ends.
    ...(step > 0 || end >= 0 ? { stop: end } : {}),
    ...(step !== 1 && { step }),
  });
  return { ...flow, place, shape };
}

const slice: Rule = (node, inputs, context) => {
  let flow = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
  const values = inputs.map((value) => (value && isKnown(value) ? value : undefined));
  for (const [at, name] of [
    [1, 'starts'],
    [2, 'ends'],
    [3, 'axes'],
    [4, 'steps'],
  ] as const)
    context.optional(node, inputs, at, name);
  slicesOf(node, numbersOf(flow.shape), values).forEach((range, axis) => {
    if (range.isWhole) return;
    flow = part(flow, axis, range, context);
  });
  return [flow];
};

const split: Rule = (node, inputs, context) => {
  const flow = context.withoutColumns(context.flowAt(node, inputs, 0));
  const axis = node.axis(node.int('axis', 0), flow.shape.length);
  const extent = (flow.shape[axis] as Extent).n;
  const sizes =
    node.ints('split') ??
    (inputs[1] ? listOf(node, context.weight(node, inputs, 1, 'split'), 'split') : undefined);
  const count = node.outputs.length;
  const each = Math.ceil(extent / count);
  let start = 0;
  return node.outputs.map((_, k) => {
    const size = sizes ? (sizes[k] ?? 0) : Math.min(each, extent - start);
    if (!(size >= 0) || start + size > extent)
      node.refuse(`parts of ${extent}`, `${sizes}`, 'The file is damaged.');
    const result = part(flow, axis, { start, count: size }, context);
    start += size;
    return result;
  });
};

const concat: Rule = (node, inputs, context) => {
  const values = inputs.map((_, at) => context.need(node, inputs, at, `input ${at}`));
  const shapes = values.map((value) => (isKnown(value) ? value.known.shape.map(fixed) : value.shape));
  const rank = (shapes[0] as readonly Extent[]).length;
  const axis = node.axis(node.int('axis', 0), rank);
  const shape = (shapes[0] as readonly Extent[]).map((extent, k) => {
    const all = shapes.map((own) => own[k] ?? fixed(-1));
    if (shapes.some((own) => own.length !== rank) || (k !== axis && all.some(({ n }) => n !== extent.n)))
      return node.refuse('parts that fit', shapes.map(shownShape).join(', '));
    if (k !== axis) return all.find(({ of }) => of !== undefined) ?? extent;
    return fixed(all.reduce((sum, { n }) => sum + n, 0));
  });
  const leader = values.find(
    (value) => !isKnown(value) && !value.columns && !isOrder(value.order, identity(rank)),
  ) as Flow | undefined;
  const order = leader?.order ?? identity(rank);
  const places = values.map((value) => {
    if (!isKnown(value)) return context.inOrder(value, order).place;
    const flow = context.flow(value);
    return context.builder.inOrder(flow, order);
  });
  const place = context.builder.step('concat', places, context.lying(shape, order), {
    axis: order.indexOf(axis),
  });
  return [{ place, shape, order, kind: 'float' }];
};

const gather: Rule = (node, inputs, context) => {
  const data = context.need(node, inputs, 0, 'data');
  const places = context.need(node, inputs, 1, 'indices');
  if (isKnown(data)) return node.refuse('data that follow the input', 'known ones');
  const rank = data.shape.length;
  const axis = node.axis(node.int('axis', 0), rank);
  const extent = (data.shape[axis] as Extent).n;
  if (!isKnown(places)) {
    const [flow, at] = [context.plain(data), context.plain(places)];
    const shape = [...data.shape.slice(0, axis), ...places.shape, ...data.shape.slice(axis + 1)];
    const place = context.builder.step('gather', [flow.place, at.place], shape, { axis });
    return [{ place, shape, order: identity(shape.length), kind: data.kind }];
  }
  const flow = context.withoutColumns(data);
  const list = listOf(node, places, 'indices').map((at) => (at < 0 ? at + extent : at));
  if (!list.every((at) => at >= 0 && at < extent))
    node.refuse(`indices below ${extent}`, `${list.slice(0, 9)}`);
  if (places.known.shape.length === 0) {
    // The last step of sequences of any length is the last one.
    const isLast = (places.known.data[0] as number) < 0;
    const one = isLast
      ? lastOf(flow, axis, places.known.data[0] as number, context)
      : part(flow, axis, { start: list[0] as number, count: 1 }, context);
    return [withoutAxes(one, [axis], context)];
  }
  const shape = flow.shape.map((each, k) => (k === axis ? fixed(list.length) : each));
  const place = context.builder.step('take', [flow.place], context.lying(shape, flow.order), {
    axis: flow.order.indexOf(axis),
    places: list,
  });
  const taken = { ...flow, place, shape };
  if (places.known.shape.length === 1) return [taken];
  return [
    reshaped(
      taken,
      [...shape.slice(0, axis), ...places.known.shape.map(fixed), ...shape.slice(axis + 1)],
      context,
    ),
  ];
};

function lastOf(flow: Flow, axis: number, at: number, context: Context): Flow {
  const shape = flow.shape.map((extent, k) => (k === axis ? fixed(1) : extent));
  const options = { axis: flow.order.indexOf(axis), start: at, ...(at < -1 && { stop: at + 1 }) };
  const place = context.builder.step('slice', [flow.place], context.lying(shape, flow.order), options);
  return { ...flow, place, shape };
}

const padModes: Readonly<Record<string, string>> = {
  constant: 'constant',
  reflect: 'reflect',
  edge: 'edge',
  wrap: 'wrap',
};

const pad: Rule = (node, inputs, context) => {
  let flow = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
  const rank = flow.shape.length;
  const amounts = node.ints('paddings') ?? given(node, inputs, 1, 'pads', context);
  const axes = inputs[3]
    ? listOf(node, context.weight(node, inputs, 3, 'axes'), 'axes').map((axis) => node.axis(axis, rank))
    : identity(rank);
  const value = node.has('value')
    ? node.float('value', 0)
    : (scalarOf(context.optional(node, inputs, 2, 'constant_value')) ?? 0);
  const mode = padModes[node.text('mode', 'constant')];
  if (!mode) return node.refuse(`a mode among ${Object.keys(padModes).join(', ')}`, node.text('mode', ''));
  if (amounts.length !== 2 * axes.length)
    node.refuse(`${2 * axes.length} numbers as pads`, `${amounts.length}`);
  const pairs = flow.shape.map(() => [0, 0] as [number, number]);
  axes.forEach((axis, k) => {
    const [before, after] = [amounts[k] as number, amounts[k + axes.length] as number];
    const extent = (flow.shape[axis] as Extent).n;
    if (
      !Number.isInteger(before) ||
      !Number.isInteger(after) ||
      Math.max(before, after) > 2 ** 24 ||
      extent + before + after < 0
    )
      node.refuse('pads that leave something', `${before} and ${after} around ${extent}`);
    const [cutBefore, cutAfter] = [Math.max(0, -before), Math.max(0, -after)];
    if (cutBefore + cutAfter > 0)
      flow = part(flow, axis, { start: cutBefore, count: extent - cutBefore - cutAfter }, context);
    pairs[axis] = [Math.max(0, before), Math.max(0, after)];
  });
  return [
    padded(flow, pairs, context, { ...(mode !== 'constant' && { mode }), ...(value !== 0 && { value }) }),
  ];
};

/** A value with elements around it, by pairs for the axes that the file means. */
export function padded(
  flow: Flow,
  pairs: readonly (readonly [number, number])[],
  context: Context,
  options: Readonly<Record<string, unknown>> = {},
): Flow {
  if (pairs.every(([before, after]) => before + after === 0)) return flow;
  const shape = flow.shape.map((extent, axis) => {
    const [before, after] = pairs[axis] as readonly [number, number];
    return before + after === 0 ? extent : fixed(extent.n + before + after);
  });
  const padding = flow.order.map((axis) => pairs[axis]);
  const place = context.builder.step('pad', [flow.place], context.lying(shape, flow.order), {
    padding,
    ...options,
  });
  return { ...flow, place, shape };
}

const expand: Rule = (node, inputs, context) => {
  const flow = context.plain(context.flowAt(node, inputs, 0));
  const asked = context.weight(node, inputs, 1, 'shape');
  const target = [...asked.known.data].map((n, k) => ({ n, of: asked.marks?.[k] }));
  const shape = broadcastShape([flow.shape, target]);
  if (!shape || sizeOf(shape) > 2 ** 40) return node.refuse('a shape to broadcast to', shownShape(target));
  if (shape.length === flow.shape.length && shape.every((extent, k) => extent.n === flow.shape[k]?.n))
    return [flow];
  const options = { shape: context.builder.extentsFrom(shape, aligned(flow.shape, shape.length), false) };
  return [
    {
      ...flow,
      place: context.builder.step('broadcast', [flow.place], shape, options),
      shape,
      order: identity(shape.length),
    },
  ];
};

// Only a value of the rank of the result can be asked for its extents by their axes.
const aligned = (shape: readonly Extent[], rank: number): readonly Extent[] =>
  shape.length === rank ? shape : [];

const tile: Rule = (node, inputs, context) => {
  let flow = context.withoutColumns(context.flowAt(node, inputs, 0));
  const repeats = listOf(node, context.weight(node, inputs, 1, 'repeats'), 'repeats', 16);
  repeats.forEach((count, axis) => {
    if (count === 1) return;
    if (!Number.isInteger(count) || count < 1 || count > 10_000 || axis >= flow.shape.length)
      node.refuse('repeats from 1 to 10 000', `${count}`);
    const shape = flow.shape.map((extent, k) => (k === axis ? fixed(extent.n * count) : extent));
    const of = new Array<number>(count).fill(flow.place);
    const place = context.builder.step('concat', of, context.lying(shape, flow.order), {
      axis: flow.order.indexOf(axis),
    });
    flow = { ...flow, place, shape };
  });
  return [flow];
};

/** Ops that take parts, and put them beside each other. */
export const partRules: Readonly<Record<string, Rule>> = {
  Slice: slice,
  Split: split,
  Concat: concat,
  Gather: gather,
  Pad: pad,
  Expand: expand,
  Tile: tile,
};
