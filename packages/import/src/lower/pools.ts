import { AveragePool2d, GlobalAveragePool, GlobalMaxPool, MaxPool2d } from '@funhash/layers';
import { countOf } from '../array.ts';
import { type Extent, fixed, shownShape } from '../extent.ts';
import type { Node } from '../node.ts';
import type { Flow } from '../value.ts';
import type { Rule } from './context.ts';
import { padded } from './parts.ts';
import {
  dilationOption,
  image,
  imageValue,
  layerWindows,
  lyingImage,
  type Pair,
  paddingOption,
  reachOf,
  type Windows,
  windowed,
  windowsOf,
} from './windows.ts';

/** Windows of a pool, with what ceil_mode adds behind each axis. */
function poolWindows(node: Node, extents: readonly Extent[]): { windows: Windows; added: readonly number[] } {
  const kernel = node.ints('kernel_shape') ?? node.refuse('a kernel_shape', 'none', 'The file is damaged.');
  const windows = windowsOf(node, kernel, extents);
  const isCeil = node.int('ceil_mode', 0) !== 0;
  const added = extents.map((extent, axis) => {
    if (!isCeil) return 0;
    const [before, after] = windows.padding[axis] as Pair;
    const [step, reach] = [windows.stride[axis] as number, reachOf(windows.kernel, windows.dilation, axis)];
    let count = Math.ceil((extent.n + before + after - reach) / step) + 1;
    // A window begins inside of the image or before it.
    if ((count - 1) * step >= extent.n + before) count--;
    return Math.max(0, (count - 1) * step + reach - (extent.n + before + after));
  });
  if (
    added.some((n) => n > 0) &&
    extents.some(({ of }, axis) => of !== undefined && (windows.stride[axis] as number) > 1)
  )
    node.refuse(
      'known extents for ceil_mode',
      shownShape(extents),
      'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
    );
  return { windows, added };
}

const isSmall = ({ kernel, dilation, padding }: Windows): boolean =>
  padding.every((pair, axis) => Math.max(pair[0], pair[1]) <= reachOf(kernel, dilation, axis) / 2);

const opWindows = ({ kernel, stride, dilation, padding }: Windows) => ({
  kernel,
  stride,
  ...dilationOption(dilation),
  ...paddingOption(padding),
});

const none = (windows: Windows): Windows => ({
  ...windows,
  padding: windows.padding.map(() => [0, 0] as const),
});

/** What a pool's padding is as pairs for the axes that the file means. */
const pairsOf = (padding: readonly Pair[]): Pair[] => [[0, 0], [0, 0], ...padding];

/** The least number of 32 bits: JSON has no infinite ones. */
const least = -3.4028234663852886e38;

const maxPool: Rule = (node, inputs, context) => {
  if (context.isRead(node, 1)) node.refuse('one output', 'indices that are read');
  const { x, batch, channels, extents } = image(node, inputs, context);
  const { windows, added } = poolWindows(node, extents);
  const all: Windows = {
    ...windows,
    padding: windows.padding.map(([before, after], axis) => [before, after + (added[axis] as number)]),
  };
  const result = windowed(node, extents, all);
  const lying = lyingImage(batch, channels.n, result);
  if (countOf(all.kernel) > mostTerms && extents.length === 2) {
    // The largest of a window is that of the largest of its rows.
    const [rows, columns] = [0, 1].map((axis) => alongAxis(all, axis)) as [Windows, Windows];
    const between = windowed(node, extents, rows);
    const first = pooledMax(x.place, rows, lyingImage(batch, channels.n, between));
    return [imageValue(pooledMax(first, columns, lying), batch, channels.n, result)];
  }
  if (!isSmall(all)) {
    const wide = padded(x, pairsOf(all.padding), context, { value: least });
    const place = context.builder.step('maxPool', [wide.place], lying, opWindows(none(all)));
    return [imageValue(place, batch, channels.n, result)];
  }
  const place =
    extents.length === 2
      ? context.builder.layer({ build: () => new MaxPool2d(poolOptions(all)) }, x.place, lying)
      : context.builder.step('maxPool', [x.place], lying, opWindows(all));
  return [imageValue(place, batch, channels.n, result)];

  function pooledMax(place: number, part: Windows, shape: Extent[]): number {
    return context.builder.step('maxPool', [place], shape, opWindows(part));
  }
};

/** Most elements of a window that one kernel takes at once. */
const mostTerms = 256;

const alongAxis = ({ kernel, stride, dilation, padding }: Windows, axis: number): Windows => {
  const only = <T>(list: readonly T[], otherwise: T): T[] =>
    list.map((each, k) => (k === axis ? each : otherwise));
  return {
    ...{ kernel: only(kernel, 1), stride: only(stride, 1), dilation: only(dilation, 1) },
    padding: only<Pair>(padding, [0, 0]),
  };
};

// The stride of a pool is its kernel by default here.
const poolOptions = (windows: Windows) => ({ ...layerWindows(windows), stride: windows.stride });

const averagePool: Rule = (node, inputs, context) => {
  const { x, batch, channels, extents } = image(node, inputs, context);
  const { windows, added } = poolWindows(node, extents);
  const isCounted = node.int('count_include_pad', 0) !== 0;
  const isPadded = windows.padding.flat().some((n) => n > 0);
  const isAdded = added.some((n) => n > 0);
  let [source, rest] = [x, windows];
  // What ceil_mode adds is never counted, padding may be.
  if (isPadded && isCounted && (isAdded || !isSmall(windows))) {
    source = padded(x, pairsOf(windows.padding), context);
    rest = none(windows);
  }
  const all: Windows = {
    ...rest,
    padding: rest.padding.map(([before, after], axis) => [before, after + (added[axis] as number)]),
  };
  if (!isSmall(all)) return [uncounted(all)];
  const countPadding = isCounted && !isAdded;
  const result = windowed(node, source.shape.slice(2), all);
  const lying = lyingImage(batch, channels.n, result);
  const options = countPadding ? {} : { countPadding };
  const needed = all.padding.flat().some((n) => n > 0) ? options : {};
  const place =
    extents.length === 2
      ? context.builder.layer(
          { build: () => new AveragePool2d({ ...poolOptions(all), ...needed }) },
          source.place,
          lying,
        )
      : context.builder.step('averagePool', [source.place], lying, { ...opWindows(all), ...needed });
  return [imageValue(place, batch, channels.n, result)];

  /** Means that count no padding, where there is more of it than pools take: those that count it, made up for. */
  function uncounted(part: Windows): Flow {
    if (source.shape.slice(2).some(({ of }) => of !== undefined))
      node.refuse(
        'known extents for wide padding',
        shownShape(source.shape),
        'Give the shape of the input: importOnnx(bytes, { shapes: { input: […] } }).',
      );
    const after = windowed(node, source.shape.slice(2), part);
    const wide = padded(source, pairsOf(part.padding), context);
    const shape = lyingImage(batch, channels.n, after);
    const place = context.builder.step('averagePool', [wide.place], shape, opWindows(none(part)));
    let factors = [1];
    after.forEach(({ n }, axis) => {
      const [before] = part.padding[axis] as Pair;
      const { n: extent } = source.shape[axis + 2] as Extent;
      const [kernel, step, gap] = [part.kernel, part.stride, part.dilation].map(
        (list) => list[axis] as number,
      ) as [number, number, number];
      const own = Array.from({ length: n }, (_, at) => {
        const inside = Array.from({ length: kernel }, (_, k) => at * step + k * gap - before).filter(
          (each) => each >= 0 && each < extent,
        );
        return kernel / Math.max(1, inside.length);
      });
      factors = factors.flatMap((row) => own.map((factor) => row * factor));
    });
    const constant = context.builder.constant(
      { kind: 'float', shape: [...after.map(({ n }) => n), 1], data: Float32Array.from(factors) },
      false,
    );
    const made = context.builder.step('multiply', [place, constant], shape);
    return imageValue(made, batch, channels.n, after);
  }
};

const globalPool =
  (isAverage: boolean): Rule =>
  (node, inputs, context) => {
    const { x, batch, channels, extents } = image(node, inputs, context);
    const build = () => (isAverage ? new GlobalAveragePool() : new GlobalMaxPool());
    const pooled = context.builder.layer({ build }, x.place, [batch, channels]);
    const units = extents.map(() => fixed(1));
    const place = context.builder.reshape(pooled, lyingImage(batch, channels.n, units));
    return [imageValue(place, batch, channels.n, units)];
  };

/** Pools. */
export const poolRules: Readonly<Record<string, Rule>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalPool(true),
  GlobalMaxPool: globalPool(false),
};
