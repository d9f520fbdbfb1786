import { type Extent, fixed, shownShape, term } from '../extent.ts';
import type { Node } from '../node.ts';
import { channelsLast, type Flow } from '../value.ts';
import type { Context, Inputs } from './context.ts';

export type Pair = readonly [before: number, after: number];

/** Windows as a node says them, one number for each spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly Pair[];
}

export const isCounts = (list: readonly number[], axes: number): boolean =>
  list.length === axes && list.every((n) => Number.isInteger(n) && n >= 1 && n < 2 ** 20);

/** @param extents of the spatial axes */
export function windowsOf(node: Node, kernel: readonly number[], extents: readonly Extent[]): Windows {
  const axes = extents.length;
  const ones = extents.map(() => 1);
  // Some writers give empty lists for what is as usual.
  const listed = (name: string): readonly number[] => {
    const list = node.ints(name);
    return list && list.length > 0 ? list : ones;
  };
  const [stride, dilation] = [listed('strides'), listed('dilations')];
  for (const [name, list] of [
    ['kernel_shape', kernel],
    ['strides', stride],
    ['dilations', dilation],
  ] as const)
    if (!isCounts(list, axes))
      node.refuse(`${axes} whole numbers ≥ 1 as ${name}`, `[${list}]`, 'The file is damaged.');
  const auto = node.text('auto_pad', 'NOTSET');
  const pads = node.ints('pads') ?? [];
  const padding = extents.map((extent, axis): Pair => {
    if (auto === 'VALID') return [0, 0];
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
      const [step, reach] = [stride[axis] as number, reachOf(kernel, dilation, axis)];
      if (extent.of !== undefined && step !== 1)
        node.refuse(
          'a known extent for auto_pad',
          extent.of,
          'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
        );
      const total = Math.max(0, (Math.ceil(extent.n / step) - 1) * step + reach - extent.n);
      const less = Math.floor(total / 2);
      return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    }
    return [pads[axis] ?? 0, pads[axis + axes] ?? 0];
  });
  if (!padding.flat().every((amount) => Number.isInteger(amount) && amount >= 0 && amount < 2 ** 20))
    node.refuse('pads ≥ 0', `[${pads}]`);
  return { kernel, stride, dilation, padding };
}

export const reachOf = (kernel: readonly number[], dilation: readonly number[], axis: number): number =>
  ((kernel[axis] as number) - 1) * (dilation[axis] as number) + 1;

/** Extents after windows. */
export function windowed(
  node: Node,
  extents: readonly Extent[],
  { kernel, stride, dilation, padding }: Windows,
): Extent[] {
  return extents.map((extent, axis) => {
    const [before, after] = padding[axis] as Pair;
    const [step, reach] = [stride[axis] as number, reachOf(kernel, dilation, axis)];
    const n = Math.floor((extent.n + before + after - reach) / step) + 1;
    if (n < 1)
      node.refuse(
        `an input that windows of ${reach} fit`,
        shownShape(extents),
        'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
      );
    if (n === extent.n && step === 1) return extent;
    return { n, of: term('windows', extent.of, step, reach, before + after) };
  });
}

/** An image with its channels last, and what its axes are. */
export function image(node: Node, inputs: Inputs, context: Context) {
  const flow = context.flowAt(node, inputs, 0, 'X');
  const rank = flow.shape.length;
  if (rank < 3 || rank > 5) return node.refuse('images with 1 to 3 spatial axes', shownShape(flow.shape));
  const x = context.inOrder(flow, channelsLast(rank));
  return { x, batch: x.shape[0] as Extent, channels: x.shape[1] as Extent, extents: x.shape.slice(2) };
}

export const imageValue = (
  place: number,
  batch: Extent,
  channels: number,
  extents: readonly Extent[],
): Flow => ({
  place,
  shape: [batch, fixed(channels), ...extents],
  order: channelsLast(extents.length + 2),
  kind: 'float',
});

export const lyingImage = (batch: Extent, channels: number, extents: readonly Extent[]): Extent[] => [
  batch,
  ...extents,
  fixed(channels),
];

/** Padding as layers take it: shorter where it says the same. */
export const paddingOption = (padding: readonly Pair[]) =>
  padding.every(([before, after]) => before === 0 && after === 0)
    ? {}
    : {
        padding: padding.map(([before, after]) => (before === after ? before : [before, after])) as (
          | number
          | Pair
        )[],
      };

export const strideOption = (stride: readonly number[]) =>
  stride.every((step) => step === 1) ? {} : { stride };
export const dilationOption = (dilation: readonly number[]) =>
  dilation.every((step) => step === 1) ? {} : { dilation };

export const layerWindows = ({ kernel, stride, dilation, padding }: Windows) => ({
  kernelSize: kernel,
  ...strideOption(stride),
  ...dilationOption(dilation),
  ...paddingOption(padding),
});
