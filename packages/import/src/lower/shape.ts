import { contiguousStrides } from '@funhash/tensor';
import { visitPlaces } from '../array.ts';
import { type Extent, fixed, isSame, numbersOf, shownShape, sizeOf } from '../extent.ts';
import { known, listOf } from '../fold/known.ts';
import { axesOf, reshapeTarget, withUnits } from '../fold/targets.ts';
import type { Node } from '../node.ts';
import { kindOfType } from '../onnx/decode-tensor.ts';
import { type Flow, identity, isKnown, isOrder } from '../value.ts';
import { type Context, type Inputs, type Rule, scalarOf } from './context.ts';
import { truncated } from './pointwise.ts';

const pass: Rule = (node, inputs, context) => [context.need(node, inputs, 0, 'input')];

/** Numbers of a known input, or of the attribute that older versions have. */
export const given = (node: Node, inputs: Inputs, at: number, name: string, context: Context): number[] => [
  ...(node.ints(name) ?? listOf(node, context.optional(node, inputs, at, name), name)),
];

/**
 * Says of a target which of its extents are free. A file of a fixed batch has plain numbers there: one that is as long as
 * a free axis of the source, at its place if possible, is taken for it.
 */
function generalized(target: readonly Extent[], source: readonly Extent[]): Extent[] {
  const result = [...target];
  source.forEach((extent, axis) => {
    if (extent.of === undefined || result.some(({ of }) => of?.includes(extent.of as string))) return;
    // An axis stays one of its own only where as many elements lie before it.
    const lead = sizeOf(source.slice(0, axis));
    const isLike = (at: number): boolean =>
      result[at]?.of === undefined && result[at]?.n === extent.n && sizeOf(result.slice(0, at)) === lead;
    const at = isLike(axis) ? axis : result.findIndex((_, k) => isLike(k));
    if (at >= 0) result[at] = extent;
  });
  return result;
}

/** A value under another shape that the file means. */
export function reshaped(flow: Flow, target: readonly Extent[], context: Context): Flow {
  const { builder } = context;
  const shape = generalized(target, flow.shape);
  if (
    shape.length === flow.shape.length &&
    shape.every((extent, k) => isSame(extent, flow.shape[k] as Extent))
  )
    return flow;
  const units = withUnitsOnly(flow, shape, context);
  if (units) return units;
  if (!flow.columns) {
    // Axes in front that stay may lie in any order; what lies behind them must lie as it is meant.
    const rank = flow.shape.length;
    let kept = 0;
    while (kept < Math.min(rank, shape.length) && isSame(flow.shape[kept] as Extent, shape[kept] as Extent))
      kept++;
    for (; kept > 0; kept--) {
      const isOwn = flow.order.slice(0, kept).every((axis) => axis < kept);
      if (isOwn && flow.order.slice(kept).every((axis, k) => axis === kept + k)) break;
    }
    const order = [...flow.order.slice(0, kept), ...identity(shape.length).slice(kept)];
    if (kept > 0 || isOrder(flow.order, identity(rank))) {
      const place = builder.reshape(
        flow.place,
        order.map((axis) => shape[axis] as Extent),
      );
      return { ...flow, place, shape, order };
    }
    if (flow.order[0] === 0 && shape.length === 2 && isSame(flow.shape[0] as Extent, shape[0] as Extent)) {
      // The order of columns is a list, as long as the file says.
      builder.spend(4 * sizeOf(flow.shape.slice(1)));
      const place = builder.reshape(flow.place, shape);
      return { place, shape, order: [0, 1], kind: flow.kind, columns: columnsOf(flow) };
    }
  }
  const plain = builder.plain(flow);
  return { ...plain, place: builder.reshape(plain.place, shape), shape, order: identity(shape.length) };
}

/** Elements that the file means, by the place where they lie, of all axes but the batch. */
function columnsOf({ shape, order }: Flow): number[] {
  const extents = numbersOf(shape).slice(1);
  const strides = contiguousStrides(extents);
  const lying = order.slice(1).map((axis) => axis - 1);
  const columns: number[] = [];
  visitPlaces(
    lying.map((axis) => extents[axis] as number),
    lying.map((axis) => strides[axis] as number),
    (place) => columns.push(place),
  );
  return columns;
}

const isUnit = ({ n, of }: Extent): boolean => n === 1 && of === undefined;

/** A value with other axes of extent 1, in the order in which it lies; undefined where more is asked. */
function withUnitsOnly(flow: Flow, shape: readonly Extent[], context: Context): Flow | undefined {
  const [from, to] = [flow.shape, shape].map((extents) =>
    identity(extents.length).filter((axis) => !isUnit(extents[axis] as Extent)),
  ) as [number[], number[]];
  if (
    from.length !== to.length ||
    !from.every((axis, k) => isSame(flow.shape[axis] as Extent, shape[to[k] as number] as Extent))
  )
    return undefined;
  if (flow.columns) return undefined;
  const places = new Map(from.map((axis, k) => [axis, to[k] as number]));
  // Axes with elements keep their order; those of extent 1 lie where they are meant, or last.
  const lying = flow.order.filter((axis) => places.has(axis)).map((axis) => places.get(axis) as number);
  const isInOrder = lying.every((axis, k) => k === 0 || axis > (lying[k - 1] as number));
  const order = isInOrder
    ? identity(shape.length)
    : shape.length === flow.shape.length
      ? undefined
      : [
          ...lying.slice(0, 1),
          ...identity(shape.length).filter((axis) => !lying.includes(axis)),
          ...lying.slice(1),
        ];
  if (!order) return undefined;
  const place = context.builder.reshape(
    flow.place,
    order.map((axis) => shape[axis] as Extent),
  );
  return { ...flow, place, shape, order };
}

const reshape: Rule = (node, inputs, context) => {
  const flow = context.flowAt(node, inputs, 0, 'data');
  const asked = given(node, inputs, 1, 'shape', context);
  const shape = inputs[1];
  const marks = shape && isKnown(shape) ? shape.marks : undefined;
  return [reshaped(flow, reshapeTarget(node, asked, marks, flow.shape), context)];
};

/** A value without axes of one element. */
export function withoutAxes(flow: Flow, axes: readonly number[], context: Context): Flow {
  const kept = identity(flow.shape.length).filter((axis) => !axes.includes(axis));
  const order = flow.order.filter((axis) => !axes.includes(axis)).map((axis) => kept.indexOf(axis));
  const shape = kept.map((axis) => flow.shape[axis] as Extent);
  const place = context.builder.reshape(flow.place, context.lying(shape, order));
  return { ...flow, place, shape, order };
}

const unsqueeze: Rule = (node, inputs, context) => {
  const flow = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
  const list = given(node, inputs, 1, 'axes', context);
  const rank = flow.shape.length + list.length;
  const axes = list.map((axis) => node.axis(axis, rank));
  const shape = withUnits(node, flow.shape, axes, fixed(1));
  const rest = identity(rank).filter((axis) => !axes.includes(axis));
  const lying = flow.order.map((axis) => rest[axis] as number);
  // New axes lie in front of the one behind them, or last.
  const order = isOrder(flow.order, identity(flow.shape.length)) ? identity(rank) : [...lying, ...axes];
  const place = context.builder.reshape(flow.place, context.lying(shape, order));
  return [{ ...flow, place, shape, order }];
};

const squeeze: Rule = (node, inputs, context) => {
  const flow = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
  const rank = flow.shape.length;
  const axes =
    axesOf(node, context.optional(node, inputs, 1, 'axes'), rank) ??
    identity(rank).filter((axis) => isUnit(flow.shape[axis] as Extent));
  for (const axis of axes)
    if (flow.shape[axis]?.n !== 1) node.refuse('axes of extent 1', shownShape(flow.shape));
  return [withoutAxes(flow, axes, context)];
};

const cast: Rule = (node, inputs, context) => {
  const flow = context.flowAt(node, inputs, 0);
  const kind = kindOfType(node.int('to', 1));
  if (!kind) return node.refuse('numbers', `type ${node.int('to', 1)}`);
  if (flow.kind === 'float' && kind === 'int') return [truncated(node, flow, context)];
  // Numbers of any type are reals here; whole ones stay so.
  return [{ ...flow, kind }];
};

const transpose: Rule = (node, inputs, context) => {
  const flow = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
  const rank = flow.shape.length;
  const axes = (node.ints('perm') ?? identity(rank).reverse()).map((axis) => node.axis(axis, rank));
  if (axes.length !== rank || new Set(axes).size !== rank) node.refuse(`an order of ${rank} axes`, `${axes}`);
  // Nothing moves: what lies stays, and is meant in another order.
  return [
    {
      ...flow,
      shape: axes.map((axis) => flow.shape[axis] as Extent),
      order: flow.order.map((axis) => axes.indexOf(axis)),
    },
  ];
};

/** Blocks of an image as channels, or channels as blocks: a transpose between two reshapes. */
const blocks =
  (isToSpace: boolean): Rule =>
  (node, inputs, context) => {
    const flow = context.plain(context.flowAt(node, inputs, 0));
    const size = node.int('blocksize', 0);
    const [batch, channels, height, width] = flow.shape as readonly Extent[];
    if (flow.shape.length !== 4 || !batch || !channels || !height || !width || size < 1)
      return node.refuse('images and blocks', shownShape(flow.shape));
    const square = fixed(size);
    const down = fixed(channels.n / size ** 2);
    const [h, w] = [fixed(height.n / size), fixed(width.n / size)];
    const isColumnsFirst = node.text('mode', 'DCR') === 'DCR';
    const [split, order, result] = isToSpace
      ? [
          isColumnsFirst
            ? [batch, square, square, down, height, width]
            : [batch, down, square, square, height, width],
          isColumnsFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3],
          [batch, down, fixed(height.n * size), fixed(width.n * size)],
        ]
      : [
          [batch, channels, h, square, w, square],
          [0, 3, 5, 1, 2, 4],
          [batch, fixed(channels.n * size ** 2), h, w],
        ];
    if (!(result as Extent[]).every(({ n }) => Number.isInteger(n)))
      return node.refuse(`extents that blocks of ${size} divide`, shownShape(flow.shape));
    const cut = context.builder.reshape(flow.place, split as Extent[]);
    const turned = context.builder.inOrder(
      { ...flow, place: cut, shape: split as Extent[], order: identity(6) },
      order as number[],
    );
    return [
      {
        ...flow,
        place: context.builder.reshape(turned, result as Extent[]),
        shape: result as Extent[],
        order: identity(4),
      },
    ];
  };

const shapeOf: Rule = (node, inputs, context) => {
  const value = context.need(node, inputs, 0, 'data');
  const shape = isKnown(value) ? value.known.shape.map(fixed) : value.shape;
  const [start, end] = [node.int('start', 0), node.int('end', shape.length)];
  const part = shape.slice(start, end);
  return [
    known(
      'int',
      [part.length],
      Float64Array.from(numbersOf(part)),
      part.map(({ of }) => of),
    ),
  ];
};

const size: Rule = (node, inputs, context) => {
  const value = context.need(node, inputs, 0, 'data');
  const shape = isKnown(value) ? value.known.shape.map(fixed) : value.shape;
  const isFree = shape.some(({ of }) => of !== undefined);
  return [known('int', [], Float64Array.of(sizeOf(shape)), [isFree ? 'size' : undefined])];
};

const flattenTo = (flow: Flow, axis: number, context: Context): Flow => {
  const product = (extents: readonly Extent[]): Extent => {
    const rest = extents.filter((extent) => !isUnit(extent));
    return rest.length === 1 ? (rest[0] as Extent) : fixed(sizeOf(extents));
  };
  return reshaped(flow, [product(flow.shape.slice(0, axis)), product(flow.shape.slice(axis))], context);
};

const flatten: Rule = (node, inputs, context) => {
  const flow = context.flowAt(node, inputs, 0);
  const at = node.int('axis', 1);
  return [flattenTo(flow, at < 0 ? at + flow.shape.length : at, context)];
};

const dropout: Rule = (node, inputs, context) => {
  const training = inputs[2];
  if (training && (scalarOf(training) ?? 1) !== 0 && !isZero(scalarOf(inputs[1])))
    node.refuse('dropout of inference', 'training_mode', 'Export the model in eval mode.');
  if (context.isRead(node, 1)) node.refuse('one output', 'a mask that is read');
  return [context.need(node, inputs, 0, 'data')];
};
const isZero = (value: number | undefined): boolean => value === 0;

/** Ops that move elements. */
export const shapeRules: Readonly<Record<string, Rule>> = {
  Identity: pass,
  Dropout: dropout,
  Cast: cast,
  CastLike: pass,
  Shape: shapeOf,
  Size: size,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
};
