import { type Extent, fixed, sizeOf } from '../extent.ts';
import { axesOf } from '../fold/targets.ts';
import type { Node } from '../node.ts';
import { type Flow, identity, isKnown } from '../value.ts';
import { type Context, type Inputs, type Rule, scalarOf } from './context.ts';
import { reshaped } from './shape.ts';

type Reduction = 'sum' | 'mean' | 'max' | 'min' | 'prod';

/** A value reduced over axes that the file means. */
export function reduced(
  flow: Flow,
  op: Reduction,
  axes: readonly number[],
  isKept: boolean,
  context: Context,
): Flow {
  const lying = axes.map((axis) => flow.order.indexOf(axis)).sort((a, b) => a - b);
  const kept = identity(flow.shape.length).filter((axis) => isKept || !axes.includes(axis));
  const shape = kept.map((axis) => (axes.includes(axis) ? fixed(1) : (flow.shape[axis] as Extent)));
  const order = flow.order.filter((axis) => kept.includes(axis)).map((axis) => kept.indexOf(axis));
  const place = context.builder.step(op, [flow.place], context.lying(shape, order), {
    axes: lying,
    ...(isKept && { keepDims: true }),
  });
  return { place, shape, order, kind: flow.kind };
}

const reduction =
  (
    op: Reduction,
    before?: (x: Flow, context: Context, node: Node) => Flow,
    after?: (x: Flow, context: Context) => Flow,
  ): Rule =>
  (node, inputs, context) => {
    const given = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
    const x = before ? before(given, context, node) : given;
    const rank = x.shape.length;
    const isKept = node.int('keepdims', 1) === 1;
    const asked = axesOf(node, context.optional(node, inputs, 1, 'axes'), rank);
    if ((!asked || asked.length === 0) && node.int('noop_with_empty_axes', 0) === 1)
      return [after ? after(x, context) : x];
    const axes = asked && asked.length > 0 ? [...new Set(asked)] : identity(rank);
    const result = axes.length === 0 ? x : reduced(x, op, axes, isKept, context);
    return [after ? after(result, context) : result];
  };

const mapped =
  (op: 'abs' | 'exp' | 'log' | 'sqrt') =>
  (x: Flow, context: Context): Flow =>
    context.map(x, op);
const squared = (x: Flow, context: Context, node: Node): Flow => context.join(node, 'multiply', [x, x]);

/** Softmax along one axis; before version 13 along all from it on, as one. */
const soft =
  (op: 'softmax' | 'logSoftmax'): Rule =>
  (node, inputs, context) => {
    const x = context.withoutColumns(context.flowAt(node, inputs, 0));
    const rank = x.shape.length;
    const isOlder = node.opset < 13;
    const axis = node.axis(node.int('axis', isOlder ? 1 : -1), rank);
    const isLast = sizeOf(x.shape.slice(axis + 1)) === 1;
    if (!isOlder || isLast) return [context.map(x, op, { axis: x.order.indexOf(axis) })];
    const rows = reshaped(x, [...x.shape.slice(0, axis), fixed(sizeOf(x.shape.slice(axis)))], context);
    const plain = context.plain(rows);
    return [reshaped(context.map(plain, op, { axis }), x.shape, context)];
  };

const argMax =
  (isLargest: boolean): Rule =>
  (node, inputs, context) => {
    const x = context.withoutColumns(context.flowAt(node, inputs, 0, 'data'));
    const axis = node.axis(node.int('axis', 0), x.shape.length);
    const isLast = node.int('select_last_index', 0) !== 0;
    const lying = x.order.indexOf(axis);
    const turned = isLast ? context.map(x, 'slice', { axis: lying, step: -1 }) : x;
    const given = isLargest ? turned : context.map(turned, 'negative');
    const kept = identity(x.shape.length).filter((each) => each !== axis);
    const order = x.order.filter((each) => each !== axis).map((each) => kept.indexOf(each));
    const shape = kept.map((each) => x.shape[each] as Extent);
    const place = context.builder.step('argMax', [given.place], context.lying(shape, order), {
      axis: lying,
    });
    const places: Flow = { place, shape, order, kind: 'int' };
    const extent = (x.shape[axis] as Extent).n;
    const result = isLast ? context.map(places, 'linear', { factor: -1, offset: extent - 1 }) : places;
    if (node.int('keepdims', 1) === 0) return [result];
    return [
      reshaped(
        result,
        x.shape.map((extent, k) => (k === axis ? fixed(1) : extent)),
        context,
      ),
    ];
  };

const cumsum: Rule = (node: Node, inputs: Inputs, context: Context) => {
  const x = context.withoutColumns(context.flowAt(node, inputs, 0));
  if (node.int('exclusive', 0) !== 0 || node.int('reverse', 0) !== 0)
    node.refuse('sums from the first element on', 'exclusive or reverse ones');
  const given = inputs[1];
  const axis = given && isKnown(given) ? scalarOf(given) : undefined;
  if (axis === undefined) return node.refuse('a known axis', 'one that follows the input');
  return [context.map(x, 'cumsum', { axis: x.order.indexOf(node.axis(axis, x.shape.length)) })];
};

/** Ops that make fewer elements, and those along one axis. */
export const reduceRules: Readonly<Record<string, Rule>> = {
  ReduceSum: reduction('sum'),
  ReduceMean: reduction('mean'),
  ReduceMax: reduction('max'),
  ReduceMin: reduction('min'),
  ReduceProd: reduction('prod'),
  ReduceL1: reduction('sum', mapped('abs')),
  ReduceL2: reduction('sum', squared, mapped('sqrt')),
  ReduceSumSquare: reduction('sum', squared),
  ReduceLogSum: reduction('sum', undefined, mapped('log')),
  ReduceLogSumExp: reduction('sum', mapped('exp'), mapped('log')),
  Softmax: soft('softmax'),
  LogSoftmax: soft('logSoftmax'),
  ArgMax: argMax(true),
  ArgMin: argMax(false),
  CumSum: cumsum,
};
