import { Conv1d, Conv2d, Conv3d, ConvTranspose2d, DepthwiseConv2d } from '@funhash/layers';
import type { NumberArray } from '../array.ts';
import type { LayerPlan } from '../builder.ts';
import { type Extent, fixed, term } from '../extent.ts';
import { transposedKnown } from '../fold/known.ts';
import type { Node } from '../node.ts';
import { channelsLast } from '../value.ts';
import type { Context, Inputs, Rule } from './context.ts';
import { filled } from './layer-parts.ts';
import {
  dilationOption,
  image,
  imageValue,
  isCounts,
  layerWindows,
  lyingImage,
  type Pair,
  paddingOption,
  reachOf,
  strideOption,
  windowed,
  windowsOf,
} from './windows.ts';

const biasAt = (node: Node, inputs: Inputs, context: Context, out: number): NumberArray | undefined => {
  const bias = context.optional(node, inputs, 2, 'B');
  if (bias && bias.known.data.length !== out) node.refuse(`${out} values as B`, `${bias.known.data.length}`);
  return bias && { ...bias.known, shape: [out] };
};

const classes = [Conv1d, Conv2d, Conv3d] as const;

const conv: Rule = (node, inputs, context) => {
  const { x, batch, channels, extents } = image(node, inputs, context);
  const weight = context.weight(node, inputs, 1, 'W');
  const { shape } = weight.known;
  const groups = node.int('group', 1);
  const [out, own] = shape as [number, number];
  const kernel = node.ints('kernel_shape') ?? shape.slice(2);
  if (
    shape.length !== x.shape.length ||
    !isCounts(shape, shape.length) ||
    !kernel.every((n, k) => n === shape[k + 2]) ||
    own * groups !== channels.n ||
    groups < 1 ||
    out % groups !== 0
  )
    return node.refuse(`a kernel for ${channels.n} channels in ${groups} groups`, `[${shape}]`);
  const windows = windowsOf(node, kernel, extents);
  const result = windowed(node, extents, windows);
  // [O, I, ...kernel] as rows O, columns (...kernel, I).
  const rows = transposedKnown(weight, channelsLast(shape.length)).known;
  const bias = biasAt(node, inputs, context, out);
  const isDepthwise = own === 1 && groups === channels.n && groups > 1 && extents.length === 2;
  const Class = classes[extents.length - 1] as (typeof classes)[number];
  const plan: LayerPlan = {
    build: (given, activation) => {
      const options = {
        ...layerWindows(windows),
        bias: given !== undefined,
        ...(activation && { activation }),
      };
      return isDepthwise
        ? filled(new DepthwiseConv2d({ in: groups, multiplier: out / groups, ...options }), rows, given)
        : filled(new Class({ in: channels.n, out, ...(groups > 1 && { groups }), ...options }), rows, given);
    },
    ...(bias ? { bias } : { takesBias: out }),
    takesActivation: true,
  };
  const place = context.builder.layer(plan, x.place, lyingImage(batch, out, result));
  return [imageValue(place, batch, out, result)];
};

const convTranspose: Rule = (node, inputs, context) => {
  const { x, batch, channels, extents } = image(node, inputs, context);
  const weight = context.weight(node, inputs, 1, 'W');
  const { shape } = weight.known;
  const groups = node.int('group', 1);
  const axes = extents.length;
  if (axes > 2) return node.refuse('one or two spatial axes', `${axes}`);
  const kernel = node.ints('kernel_shape') ?? shape.slice(2);
  if (
    shape.length !== axes + 2 ||
    !isCounts(shape, shape.length) ||
    shape[0] !== channels.n ||
    groups < 1 ||
    channels.n % groups !== 0
  )
    return node.refuse(`a kernel for ${channels.n} channels`, `[${shape}]`);
  const out = (shape[1] as number) * groups;
  const auto = node.text('auto_pad', 'NOTSET');
  const listed = (name: string): readonly number[] | undefined => {
    const list = node.ints(name);
    return list && list.length > 0 ? list : undefined;
  };
  const ones = extents.map(() => 1);
  const [stride, dilation] = [listed('strides') ?? ones, listed('dilations') ?? ones];
  if (![kernel, stride, dilation].every((list) => isCounts(list, axes)))
    return node.refuse(
      `${axes} whole numbers ≥ 1 as kernel_shape, strides and dilations`,
      `[${kernel}], [${stride}], [${dilation}]`,
    );
  const extra = listed('output_padding') ?? extents.map(() => 0);
  const asked = listed('output_shape');
  const pads = listed('pads') ?? [];
  const padding: Pair[] = [];
  const more: number[] = [];
  const result = extents.map(({ n, of }, axis) => {
    const [step, reach] = [stride[axis] as number, reachOf(kernel, dilation, axis)];
    const added = extra[axis] ?? 0;
    const whole = (n - 1) * step + reach + added;
    const target = asked?.at(axis - axes) ?? (auto.startsWith('SAME') ? n * step : undefined);
    let [before, after] = [pads[axis] ?? 0, pads[axis + axes] ?? 0];
    let rest = added;
    if (target !== undefined) {
      const total = whole - target;
      // The version that the file is of says which side the odd element is cut from; before the first it is the end.
      const less = Math.floor(total / 2);
      [before, after] = auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
      if (total < 0) {
        [before, after] = [0, 0];
        rest = added - total;
      }
    }
    // Elements that are added behind are the same as fewer cut off there.
    const cut = Math.min(rest, after);
    padding.push([before, after - cut]);
    more.push(rest - cut);
    const size = whole + (rest - added) - before - after;
    if (!(size >= 1 && size < 2 ** 31) || before < 0 || after < 0)
      node.refuse('an image with elements', `extent ${size}`);
    return { n: size, of: term('spread', of, step, reach, before + after) };
  });
  // [I, O, ...kernel] as rows I, columns (...kernel, O).
  const rows = transposedKnown(weight, channelsLast(shape.length)).known;
  const bias = biasAt(node, inputs, context, out);
  const flat = axes === 1;
  const pad2 = <T>(list: readonly T[], first: T): readonly T[] => (flat ? [first, ...list] : list);
  const options = {
    kernelSize: pad2(kernel, 1),
    ...strideOption(pad2(stride, 1)),
    ...dilationOption(pad2(dilation, 1)),
    ...paddingOption(pad2(padding, [0, 0])),
    ...(more.some((n) => n > 0) && { outputPadding: pad2(more, 0) }),
  };
  const plan: LayerPlan = {
    build: (given, activation) =>
      filled(
        new ConvTranspose2d({
          ...{ in: channels.n, out },
          ...(groups > 1 && { groups }),
          ...options,
          bias: given !== undefined,
          ...(activation && { activation }),
        }),
        rows,
        given,
      ),
    ...(bias ? { bias } : flat ? {} : { takesBias: out }),
    takesActivation: !flat,
  };
  if (!flat) {
    const place = context.builder.layer(plan, x.place, lyingImage(batch, out, result));
    return [imageValue(place, batch, out, result)];
  }
  // A row of an image is a sequence.
  const wide = context.builder.reshape(x.place, [batch, fixed(1), extents[0] as Extent, channels]);
  const made = context.builder.layer(plan, wide, lyingImage(batch, out, [fixed(1), result[0] as Extent]));
  return [imageValue(context.builder.reshape(made, lyingImage(batch, out, result)), batch, out, result)];
};

/** Convolutions. */
export const convolutionRules: Readonly<Record<string, Rule>> = { Conv: conv, ConvTranspose: convTranspose };
