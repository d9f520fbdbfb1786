import { Upsample } from '@funhash/layers';
import { type Extent, fixed, shownShape } from '../extent.ts';
import { listOf } from '../fold/known.ts';
import type { Node } from '../node.ts';
import { channelsLast, type Flow, identity, type Known } from '../value.ts';
import type { Context, Rule } from './context.ts';

/** One axis that is resized. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

/** Coordinate of an element of the result on the source. */
function coordinate(node: Node, mode: string, at: number, { from, to, scale }: Axis): number {
  if (mode === 'asymmetric') return at / scale;
  if (mode === 'align_corners') return to === 1 ? 0 : (at * (from - 1)) / (to - 1);
  if (mode === 'half_pixel') return (at + 0.5) / scale - 0.5;
  if (mode === 'pytorch_half_pixel') return to > 1 ? (at + 0.5) / scale - 0.5 : 0;
  if (mode === 'tf_half_pixel_for_nn') return (at + 0.5) / scale;
  return node.refuse(
    'half_pixel, pytorch_half_pixel, align_corners or asymmetric as coordinate_transformation_mode',
    mode,
  );
}

const nearest: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Weights of the elements around a place, from the one at `first` on. */
function weightsAt(x: number, isCubic: boolean, a: number): { first: number; weights: number[] } {
  const base = Math.floor(x);
  const t = x - base;
  if (!isCubic) return { first: base, weights: [1 - t, t] };
  const near = (d: number): number => (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  const far = (d: number): number => a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a;
  return { first: base - 1, weights: [far(1 + t), near(t), near(1 - t), far(2 - t)] };
}

/** Resizes one axis that the file means. */
type Resampling = (
  node: Node,
  x: Flow,
  axis: number,
  resized: Axis,
  coordinates: string,
  context: Context,
) => Flow;

/** An axis as a mixture of its elements: a known matrix from the left. */
const mixed: Resampling = (node, x, axis, resized, coordinates, context) => {
  const { from, to } = resized;
  const isCubic = node.text('mode', 'nearest') === 'cubic';
  const a = node.float('cubic_coeff_a', -0.75);
  const leavesOutside = node.int('exclude_outside', 0) !== 0;
  context.builder.spend(from * to);
  const data = new Float32Array(from * to);
  for (let row = 0; row < to; row++) {
    const { first, weights } = weightsAt(coordinate(node, coordinates, row, resized), isCubic, a);
    const isInside = (k: number): boolean => first + k >= 0 && first + k < from;
    const total = leavesOutside ? weights.reduce((sum, w, k) => sum + (isInside(k) ? w : 0), 0) : 1;
    weights.forEach((weight, k) => {
      if (leavesOutside && !isInside(k)) return;
      const place = row * from + Math.max(0, Math.min(from - 1, first + k));
      data[place] = (data[place] as number) + weight / total;
    });
  }
  const rank = x.shape.length;
  // The axis lies last but one, where products of matrices sum.
  const rest = x.order.filter((each) => each !== axis);
  const order = [...rest.slice(0, -1), axis, ...rest.slice(-1)];
  const lying = rank === 1 ? undefined : context.inOrder(x, order);
  if (!lying) return node.refuse('at least two axes', '1');
  const matrix = context.builder.constant({ kind: 'float', shape: [to, from], data }, false);
  const shape = x.shape.map((extent, k) => (k === axis ? fixed(to) : extent));
  const place = context.builder.step('matmul', [matrix, lying.place], context.lying(shape, order));
  return { ...lying, place, shape, kind: 'float' };
};

/** Whether a node is of the kind that only scales, from the first element on. */
const isOlder = ({ op, opset }: Node): boolean => op === 'Upsample' || opset < 11;

const roundingOf = (node: Node): string =>
  node.text('nearest_mode', isOlder(node) ? 'floor' : 'round_prefer_floor');

/** An axis as some of its elements. */
const picked: Resampling = (node, x, axis, resized, coordinates, context) => {
  const rounding = roundingOf(node);
  const round = nearest[rounding];
  if (!round) return node.refuse(`a nearest_mode among ${Object.keys(nearest).join(', ')}`, rounding);
  const { from, to } = resized;
  context.builder.spend(to);
  const places = Array.from({ length: to }, (_, at) =>
    Math.max(0, Math.min(from - 1, round(coordinate(node, coordinates, at, resized)))),
  );
  const shape = x.shape.map((extent, k) => (k === axis ? fixed(to) : extent));
  const place = context.builder.step('take', [x.place], context.lying(shape, x.order), {
    axis: x.order.indexOf(axis),
    places,
  });
  return { ...x, place, shape };
};

/** Whole scales of rows and columns of an image, where `Upsample` does the same. */
function upsampled(
  node: Node,
  x: Flow,
  axes: ReadonlyMap<number, Axis>,
  coordinates: string,
  context: Context,
): Flow | undefined {
  const mode = node.text('mode', 'nearest');
  const isBilinear =
    ['linear', 'bilinear'].includes(mode) && ['half_pixel', 'pytorch_half_pixel'].includes(coordinates);
  const rounding = roundingOf(node);
  const isRepeat =
    mode === 'nearest' &&
    ((coordinates === 'asymmetric' && rounding === 'floor') ||
      (coordinates === 'half_pixel' && rounding.startsWith('round')));
  if (x.shape.length !== 4 || (!isBilinear && !isRepeat) || [...axes.keys()].some((axis) => axis < 2))
    return undefined;
  const scale = [2, 3].map((axis) => axes.get(axis)?.scale ?? 1);
  const exact = [2, 3].every(
    (axis, k) => (axes.get(axis)?.to ?? 0) === (axes.get(axis)?.from ?? 0) * (scale[k] as number),
  );
  if (!exact || !scale.every((n) => Number.isInteger(n) && n >= 1 && n < 1000)) return undefined;
  const image = context.inOrder(x, channelsLast(4));
  const shape = x.shape.map((extent, axis): Extent => {
    const resized = axes.get(axis);
    return resized ? { n: resized.to, of: extent.of && `${extent.of}·${resized.scale}` } : extent;
  });
  const option = scale[0] === scale[1] ? (scale[0] as number) : scale;
  const build = () => new Upsample({ scale: option, ...(isBilinear && { mode: 'bilinear' as const }) });
  const place = context.builder.layer({ build }, image.place, context.lying(shape, image.order));
  return { ...image, place, shape };
}

const resize: Rule = (node, inputs, context) => {
  const x = context.withoutColumns(context.flowAt(node, inputs, 0));
  const rank = x.shape.length;
  const isUpsample = isOlder(node);
  const listed = (at: number, name: string): number[] | undefined => {
    const value: Known | undefined = context.optional(node, inputs, at, name);
    return value && value.known.data.length > 0 ? listOf(node, value, name, 16) : undefined;
  };
  const scales = node.floats('scales') ?? listed(isUpsample ? 1 : 2, 'scales');
  const sizes = isUpsample ? undefined : listed(3, 'sizes');
  const named = node.ints('axes')?.map((axis) => node.axis(axis, rank)) ?? identity(rank);
  const asked = sizes ?? scales;
  if (!asked || asked.length !== named.length)
    return node.refuse(`${named.length} scales or sizes`, `${asked?.length ?? 'none'}`);
  const policy = node.text('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') node.refuse('stretch as keep_aspect_ratio_policy', policy);
  if (node.int('antialias', 0) !== 0) node.refuse('no antialias', 'antialias');
  const axes = new Map<number, Axis>();
  named.forEach((axis, k) => {
    const { n } = x.shape[axis] as Extent;
    const given = asked[k] as number;
    const to = sizes ? given : Math.floor(n * given);
    if (!(to >= 1 && to < 2 ** 20) || !Number.isInteger(to))
      node.refuse('extents from 1 to a million', `${to} of ${shownShape(x.shape)}`);
    if (to !== n || (!sizes && given !== 1)) axes.set(axis, { from: n, to, scale: sizes ? to / n : given });
  });
  const coordinates = node.text('coordinate_transformation_mode', isUpsample ? 'asymmetric' : 'half_pixel');
  const layer = upsampled(node, x, axes, coordinates, context);
  if (layer) return [layer];
  const mode = node.text('mode', 'nearest');
  if (!['nearest', 'linear', 'bilinear', 'cubic'].includes(mode))
    return node.refuse('nearest, linear or cubic as mode', mode);
  let result = x;
  for (const [axis, resized] of axes) {
    if ((x.shape[axis] as Extent).of !== undefined)
      node.refuse(
        'known extents',
        shownShape(x.shape),
        'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
      );
    result = (mode === 'nearest' ? picked : mixed)(node, result, axis, resized, coordinates, context);
  }
  return [result];
};

export const resizeRules: Readonly<Record<string, Rule>> = { Resize: resize, Upsample: resize };
