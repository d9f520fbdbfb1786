import { ArgumentError, nearestName, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { type Shape, ShapeError, shapeText } from '@funhash/tensor';

/** A number for every spatial axis, or one for all of them. */
export type PerAxis = number | readonly number[];

/**
 * Zeros around the spatial axes: none (`valid`); as many as give ⌈extent / stride⌉ windows, an odd one behind
 * (`same`); a number for both sides of all axes; or for each axis a number or [before, after].
 */
export type Padding = 'valid' | 'same' | number | readonly (number | readonly [number, number])[];

// Values are checked by planWindows, which knows how many axes there are.
const perAxisOption = () =>
  option.any<PerAxis | undefined>('a whole number ≥ 1, or one for each spatial axis');

/** Rules of the options of windows. */
export const windowRules = {
  /** Extents of the window, in elements. */
  kernel: option.required(option.any<PerAxis>('a whole number ≥ 1, or one for each spatial axis')),
  /** Distance of neighbouring windows, in elements. Default 1. */
  stride: perAxisOption(),
  /** Distance of neighbouring elements of a window. Default 1. */
  dilation: perAxisOption(),
};

/** Options of `windows` and `overlapAdd`. */
export type WindowOptions = OptionsOf<typeof windowRules>;

/** Rules of the options of windows on a padded input. */
export const paddedWindowRules = {
  ...windowRules,
  /** Elements around the input. Default `valid`: none. */
  padding: option.any<Padding | undefined>(
    "'valid', 'same', a whole number ≥ 0, or one for each spatial axis",
  ),
};

/** Windows and the padding around what they are on. */
export type PaddedWindowOptions = OptionsOf<typeof paddedWindowRules>;

/** Window options worked out for one shape [B, ...spatial, C]: one number for each spatial axis. */
export interface WindowPlan {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
  /** Extents of the padded input. */
  readonly padded: readonly number[];
  /** Numbers of windows. */
  readonly out: readonly number[];
}

/**
 * The windows on an input of `shape` [B, ...spatial, C]: ⌊(padded − dilation·(kernel − 1) − 1) / stride⌋ + 1 of them
 * along each spatial axis.
 *
 * @throws ShapeError for a shape without spatial axes, or a kernel larger than the padded input
 * @throws ArgumentError for options that are not whole numbers, or not one for each spatial axis
 */
export function planWindows(operation: string, shape: Shape, options: PaddedWindowOptions): WindowPlan {
  if (shape.length < 3)
    throw new ShapeError({
      operation,
      expected: 'x of shape [B, ...spatial, C], channels last',
      actual: shapeText(shape),
    });
  const spatial = shape.slice(1, -1);
  const list = (name: 'kernel' | 'stride' | 'dilation'): readonly number[] =>
    perAxis(operation, name, options[name] ?? 1, spatial.length, 1);
  const [kernel, stride, dilation] = [list('kernel'), list('stride'), list('dilation')];
  const reach = kernel.map((extent, axis) => (extent - 1) * (dilation[axis] as number) + 1);
  const padding = paddingOf(operation, options.padding ?? 'valid', spatial, reach, stride);
  const padded = spatial.map((extent, axis) => {
    const [before, after] = padding[axis] as readonly [number, number];
    return before + extent + after;
  });
  if (reach.some((extent, axis) => extent > (padded[axis] as number)))
    throw new ShapeError({
      operation,
      expected: `a kernel within the padded input ${shapeText(padded)}`,
      actual: `kernel ${shapeText(kernel)} with dilation ${shapeText(dilation)}, which reaches over ${shapeText(reach)}, on x ${shapeText(shape)}`,
    });
  const out = padded.map(
    (extent, axis) => Math.floor((extent - (reach[axis] as number)) / (stride[axis] as number)) + 1,
  );
  return { kernel, stride, dilation, padding, padded, out };
}

// Windows beyond 2^53 elements have no exact number.
const isWhole = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least;

/** @throws ArgumentError unless `value` is one whole number ≥ least, or `axes` of them */
export function perAxis(
  operation: string,
  name: string,
  value: PerAxis,
  axes: number,
  least: number,
): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(axes).fill(value) : value;
  if (!Array.isArray(list) || list.length !== axes || !list.every((each) => isWhole(each, least)))
    throw new ArgumentError({
      operation,
      expected: `${name}: a whole number ≥ ${least}, or ${axes} of them`,
      actual: value === undefined ? 'none' : shownValue(value),
    });
  return list;
}

function paddingOf(
  operation: string,
  padding: Padding,
  spatial: readonly number[],
  reach: readonly number[],
  stride: readonly number[],
): (readonly [number, number])[] {
  if (padding === 'valid') return spatial.map(() => [0, 0]);
  if (padding === 'same')
    return spatial.map((extent, axis) => {
      const step = stride[axis] as number;
      const windows = Math.ceil(extent / step);
      const total = Math.max(0, (windows - 1) * step + (reach[axis] as number) - extent);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  const list: unknown = typeof padding === 'number' ? spatial.map(() => padding) : padding;
  const pairs: unknown[] = Array.isArray(list)
    ? Array.from(list as unknown[], (each) => (typeof each === 'number' ? [each, each] : each))
    : [];
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && isWhole(pair[0], 0) && isWhole(pair[1], 0);
  if (pairs.length !== spatial.length || !pairs.every(isPair)) {
    const nearest = typeof padding === 'string' ? nearestName(padding, ['valid', 'same']) : undefined;
    throw new ArgumentError({
      operation,
      expected: `padding: 'valid', 'same', a whole number ≥ 0, or ${spatial.length} of them or pairs [before, after]`,
      actual: shownValue(padding),
      ...(nearest && { remedy: `Did you mean '${nearest}'?` }),
    });
  }
  return pairs as [number, number][];
}
