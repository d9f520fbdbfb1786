import { BatchNorm, LayerNorm } from '@funhash/layers';
import type { NumberArray } from '../array.ts';
import { type Extent, numbersOf, shownShape } from '../extent.ts';
import type { Node } from '../node.ts';
import { channelsLast, type Flow, identity, isOrder, type Known } from '../value.ts';
import { type Context, type Rule, withColumns } from './context.ts';
import { withValues } from './layer-parts.ts';
import { reduced } from './reduce.ts';

const batchNorm: Rule = (node, inputs, context) => {
  if (node.int('training_mode', 0) !== 0 || [1, 2, 3, 4].some((output) => context.isRead(node, output)))
    node.refuse('normalisation by running statistics', 'a training pass', 'Export the model in eval mode.');
  const given = context.flowAt(node, inputs, 0, 'X');
  const rank = given.shape.length;
  const channels = given.shape[1] as Extent | undefined;
  if (!channels || rank < 2) return node.refuse('an input [B, C, …]', shownShape(given.shape));
  const values = (['scale', 'B', 'input_mean', 'input_var'] as const).map((name, k): Known => {
    const value = context.weight(node, inputs, k + 1, name);
    if (value.known.data.length !== channels.n)
      node.refuse(`${channels.n} values as ${name}`, `${value.known.data.length}`);
    const row: Known = { known: { ...value.known, shape: [channels.n] } };
    return rank === 2 && given.columns ? withColumns(row, given.columns) : row;
  });
  const x =
    rank === 2
      ? given.columns
        ? given
        : context.inOrder(given, [0, 1])
      : context.inOrder(given, channelsLast(rank));
  const epsilon = node.float('epsilon', 1e-5);
  const [scale, shift, mean, variance] = values.map(({ known }) => known) as [
    NumberArray,
    NumberArray,
    NumberArray,
    NumberArray,
  ];
  const plan = {
    build: () =>
      withValues(new BatchNorm({ channels: channels.n, ...(epsilon !== 1e-5 && { epsilon }) }), {
        ...{ scale, shift, mean, variance },
      }),
  };
  return [
    { ...x, place: context.builder.layer(plan, x.place, context.builder.extents(x.place)), kind: 'float' },
  ];
};

/** (x − mean) / √(variance + ε) over axes that the file means. */
function standardized(node: Node, x: Flow, axes: readonly number[], epsilon: number, context: Context): Flow {
  const centred = context.join(node, 'subtract', [x, reduced(x, 'mean', axes, true, context)]);
  const variance = reduced(context.join(node, 'multiply', [centred, centred]), 'mean', axes, true, context);
  const deviation = context.map(context.map(variance, 'linear', { factor: 1, offset: epsilon }), 'sqrt');
  return context.join(node, 'divide', [centred, deviation]);
}

/** A known value [C] that broadcasts along the channels of an image. */
const perChannel = (value: Known, rank: number): Known => ({
  ...value,
  known: { ...value.known, shape: [value.known.data.length, ...new Array<number>(rank - 2).fill(1)] },
});

const instanceNorm: Rule = (node, inputs, context) => {
  const x = context.withoutColumns(context.flowAt(node, inputs, 0));
  const rank = x.shape.length;
  if (rank < 3) return node.refuse('images', shownShape(x.shape));
  const normal = standardized(node, x, identity(rank).slice(2), node.float('epsilon', 1e-5), context);
  const [scale, shift] = [context.weight(node, inputs, 1, 'scale'), context.weight(node, inputs, 2, 'B')];
  const scaled = context.join(node, 'multiply', [normal, perChannel(scale, rank)]);
  return [context.join(node, 'add', [scaled, perChannel(shift, rank)])];
};

const layerNorm: Rule = (node, inputs, context) => {
  const given = context.withoutColumns(context.flowAt(node, inputs, 0));
  const rank = given.shape.length;
  const axis = node.axis(node.int('axis', -1), rank);
  const epsilon = node.float('epsilon', 1e-5);
  const own = given.shape.slice(axis);
  const scale = context.weight(node, inputs, 1, 'Scale');
  const shift = context.optional(node, inputs, 2, 'B');
  const fits = (value: Known | undefined): boolean => !value || isOrder(value.known.shape, numbersOf(own));
  if (axis === 0 || own.some(({ of }) => of !== undefined) || !fits(scale) || !fits(shift)) {
    const normal = standardized(node, given, identity(rank).slice(axis), epsilon, context);
    const scaled = context.join(node, 'multiply', [normal, scale]);
    return [shift ? context.join(node, 'add', [scaled, shift]) : scaled, ...statistics()];
  }
  const lies = given.order.slice(axis).every((each, k) => each === axis + k);
  const x = lies ? given : context.plain(given);
  const channels = own.length === 1 ? (own[0] as Extent).n : numbersOf(own);
  const plan = {
    build: () =>
      withValues(new LayerNorm({ channels, ...(epsilon !== 1e-5 && { epsilon }) }), {
        scale: scale.known,
        ...(shift && { shift: shift.known }),
      }),
  };
  return [
    { ...x, place: context.builder.layer(plan, x.place, context.builder.extents(x.place)) },
    ...statistics(),
  ];

  /** The mean and one over the deviation, where they are read. */
  function statistics(): Flow[] {
    if (!context.isRead(node, 1) && !context.isRead(node, 2)) return [];
    const axes = identity(rank).slice(axis);
    const mean = reduced(given, 'mean', axes, true, context);
    const centred = context.join(node, 'subtract', [given, mean]);
    const variance = reduced(context.join(node, 'multiply', [centred, centred]), 'mean', axes, true, context);
    const deviation = context.map(context.map(variance, 'linear', { factor: 1, offset: epsilon }), 'sqrt');
    return [mean, context.map(deviation, 'reciprocal')];
  }
};

/** Normalisations. */
export const normalizationRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNorm,
  InstanceNormalization: instanceNorm,
  LayerNormalization: layerNorm,
};
