import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { type Tensor, type TypedArray, tensor } from '@funhash/tensor';
import { axisOf, withAxisLast, withLastAt } from './axis-last.ts';
import { takeAlongAxis } from './gather.ts';
import { axisAdvice, axisOption } from './option-rules.ts';
import { windowAt } from './views.ts';

const rules = {
  /** The axis along which elements are sorted, counted from the last where negative. Default the last. */
  axis: axisOption(),
  /** Whether the largest comes first. Default false. */
  descending: option.flag(),
};

/** Options of `sort` and `argSort`. */
export type SortOptions = OptionsOf<typeof rules>;

/**
 * The indices that sort elements along an axis, without gradient: x of any shape but [] → i32 of the same shape. Equal
 * elements keep their order; NaN counts as the largest number. Orders are found on the host.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function argSort(x: Tensor, options: SortOptions = {}): Tensor {
  checkOptions('argSort', rules, options, axisAdvice);
  return places('argSort', x, options);
}

/**
 * The elements in order along an axis, by default the smallest first: x of any shape but [] → the same shape. NaN counts as
 * the largest number. Orders are found on the host.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function sort(x: Tensor, options: SortOptions = {}): Tensor {
  checkOptions('sort', rules, options, axisAdvice);
  return takeAlongAxis(x, places('sort', x, options), { axis: options.axis ?? -1 });
}

const topRules = {
  /** The axis to look along, counted from the last where negative. Default the last. */
  axis: axisOption(),
  /** Whether the largest are asked for, or the smallest. Default true. */
  largest: option.flag(),
};

/** Options of `topK`. */
export type TopKOptions = OptionsOf<typeof topRules>;

/** The k largest elements along an axis, and where they stand. */
export interface TopK {
  /** [..., k], the largest first. */
  readonly values: Tensor;
  /** Indices along the axis, i32 [..., k]. */
  readonly indices: Tensor;
}

/**
 * The k largest elements along an axis, or the smallest, the outermost first, and their indices: x [..., N] → [..., k] each.
 * Equal ones come in their order; NaN counts as the largest number. Gradients reach x by the values. Orders are found on the host.
 *
 * @throws ArgumentError unless k is a whole number from 0 to N; OptionError for an unknown option; ShapeError for an axis
 * that x lacks
 */
export function topK(x: Tensor, k: number, options: TopKOptions = {}): TopK {
  checkOptions('topK', topRules, options, { ...axisAdvice, sorted: 'they are always in order' });
  const { axis = -1, largest = true } = options;
  const order = places('topK', x, { axis, descending: largest });
  const at = axisOf('topK', x, axis);
  const extent = x.shape[at] as number;
  if (!(Number.isInteger(k) && k >= 0 && k <= extent))
    throw new ArgumentError({
      operation: 'topK',
      expected: `k: a whole number from 0 to ${extent}, the extent of axis ${at}`,
      actual: shownValue(k),
    });
  const starts = order.shape.map(() => 0);
  const indices = windowAt(order, starts, order.shape.with(at, k));
  return { values: takeAlongAxis(x, indices, { axis }), indices };
}

function places(operation: string, x: Tensor, { axis = -1, descending = false }: SortOptions): Tensor {
  const at = axisOf(operation, x, axis);
  const lines = withAxisLast(x, at);
  const width = lines.shape.at(-1) as number;
  const values = lines.dataSync<TypedArray>();
  const indices = new Int32Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    const line = indices.subarray(start, start + width);
    for (let k = 0; k < width; k++) line[k] = k;
    line.sort((a, b) => {
      const [before, behind] = [values[start + a] as number, values[start + b] as number];
      return (descending ? compared(behind, before) : compared(before, behind)) || a - b;
    });
  }
  return withLastAt(tensor(indices, lines.shape), at);
}

/** Below 0 where a comes first, above 0 where b does. */
function compared(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return a === b ? 0 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}
