import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import {
  assign,
  empty,
  requireIntegers,
  requireTensor,
  runKernel,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
} from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { flip } from './flip.ts';
import { reshape, windowAt } from './views.ts';

const rules = {
  /** The first place, counted from the end where negative. Default: the first of all, or the last where step < 0. */
  start: option.that<number>('a whole number', Number.isInteger),
  /** The place before which the slice ends, counted from the end where negative. Default: all there are. */
  stop: option.that<number>('a whole number', Number.isInteger),
  /** The distance of neighbouring places; below 0: backwards. Default 1. */
  step: option.that<number>('a whole number other than 0', (value) => Number.isInteger(value) && value !== 0),
};

/** The part of one axis that `slice` takes: NumPy's start:stop:step, or one place, which drops the axis. */
export type SliceRange = number | OptionsOf<typeof rules>;

/**
 * The window of `sizes` elements from `starts`, on the memory of x; starts count from the end where negative, and a size −1
 * reaches to the end of the axis.
 *
 * @throws ShapeError unless the window is inside x
 */
export function slice(x: Tensor, starts: readonly number[], sizes: Shape): Tensor;
/**
 * The part of x that ranges of its axes leave, as NumPy's brackets: `slice(x, [{ start: 1, stop: -1 }, { step: -1 }, 0])` is
 * x[1:-1, ::-1, 0]. Axes without a range are whole; ranges are cut to what is there.
 *
 * @throws ShapeError for more ranges than axes, or a place that is not there; OptionError for an unknown option of a range
 */
export function slice(x: Tensor, ranges: readonly SliceRange[]): Tensor;
export function slice(x: Tensor, starts: readonly SliceRange[], sizes?: Shape): Tensor {
  requireTensor('slice', x);
  if (sizes === undefined) return byRanges(x, starts);
  requireIntegers('slice', starts, 'starts');
  requireIntegers('slice', sizes, 'sizes');
  const given = starts as readonly number[];
  return windowAt(
    x,
    given.map((start, axis) => (start < 0 ? start + (x.shape[axis] ?? 0) : start)),
    sizes,
  );
}

/** Places along an axis: first, first + step, …; step > 0. */
interface Places {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly isReversed: boolean;
  readonly isDropped: boolean;
}

function byRanges(x: Tensor, ranges: readonly SliceRange[]): Tensor {
  if (!Array.isArray(ranges))
    throw new ArgumentError({
      operation: 'slice',
      expected: 'a list of ranges, one for each axis, or starts and sizes',
      actual: shownValue(ranges),
    });
  if (ranges.length > x.rank)
    throw new ShapeError({
      operation: 'slice',
      expected: `at most ${x.rank} ranges`,
      actual: String(ranges.length),
    });
  const places = x.shape.map((extent, axis) => placesOf(extent, axis, ranges[axis] ?? {}));
  const taken = strided(x, places);
  const reversed = places.flatMap(({ isReversed }, axis) => (isReversed ? [axis] : []));
  const ordered = reversed.length > 0 ? flip(taken, { axis: reversed }) : taken;
  const kept = ordered.shape.filter((_, axis) => !places[axis]?.isDropped);
  return kept.length === x.rank ? ordered : reshape(ordered, kept);
}

function placesOf(extent: number, axis: number, range: SliceRange): Places {
  if (typeof range === 'number') {
    const first = range < 0 ? range + extent : range;
    if (!Number.isInteger(range) || first < 0 || first >= extent)
      throw new ShapeError({
        operation: 'slice',
        expected: `a place from ${-extent} to ${extent - 1} along axis ${axis}`,
        actual: String(range),
      });
    return { first, step: 1, count: 1, isReversed: false, isDropped: true };
  }
  checkOptions('slice', rules, range);
  const { start, stop, step = 1 } = range;
  // Backwards, places run from the last to −1.
  const [least, most] = step > 0 ? [0, extent] : [-1, extent - 1];
  const within = (place: number): number =>
    place < 0 ? Math.max(place + extent, least) : Math.min(place, most);
  const from = start === undefined ? (step > 0 ? least : most) : within(start);
  const to = stop === undefined ? (step > 0 ? most : least) : within(stop);
  const count = Math.max(0, Math.ceil((to - from) / step));
  const first = step > 0 ? from : from + (count - 1) * step;
  return {
    first: count === 0 ? 0 : first,
    step: Math.abs(step),
    count,
    isReversed: step < 0,
    isDropped: false,
  };
}

function strided(x: Tensor, places: readonly Places[]): Tensor {
  const counts = places.map(({ count }) => count);
  if (places.every(({ step }) => step === 1))
    return windowAt(
      x,
      places.map(({ first }) => first),
      counts,
    );
  return recorded([x], viewAt(x, places), (g) => [spread(g, x.shape, places)]);
}

/** Zeros of `shape` with the elements of x at places: the adjoint of `strided`. */
function spread(x: Tensor, shape: Shape, places: readonly Places[]): Tensor {
  const out = empty(shape, x.dtype, x.backend);
  runKernel(out.backend, 'fill', [out, 0]);
  const slots = viewAt(out, places);
  assign(slots, x);
  slots.dispose();
  return recorded([x], out, (g) => [strided(g, places)]);
}

function viewAt(x: Tensor, places: readonly Places[]): Tensor {
  const shape = places.map(({ count }) => count);
  const stride = (axis: number): number => x.strides[axis] as number;
  // What has no elements begins where x does: its first place may lie behind the end of the memory.
  const steps = sizeOf(shape) === 0 ? [] : places;
  return x.view(
    shape,
    places.map(({ step }, axis) => step * stride(axis)),
    steps.reduce((at, { first }, axis) => at + first * stride(axis), x.offset),
  );
}
