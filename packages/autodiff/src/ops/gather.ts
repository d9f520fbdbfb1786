import { checkOptions, type OptionsOf } from '@funhash/hashing';
import { broadcastShapes, requireTensor, ShapeError, sizeOf, type Tensor } from '@funhash/tensor';
import { axisOf, withAxisLast, withLastAt } from './axis-last.ts';
import { gatherRows } from './index-ops.ts';
import { axisAdvice, axisOption } from './option-rules.ts';
import { flatPlaces } from './places.ts';
import { broadcastTo, reshape, transpose } from './views.ts';

const rules = {
  /** The axis that indices count along, itself counted from the last where negative. Default the first. */
  axis: axisOption(),
};

/** Options of `gather`. */
export type GatherOptions = OptionsOf<typeof rules>;

/**
 * Slices of x at indices along an axis, as NumPy's `take`: x [R, ...] at index [...I] (i32) → [...I, ...]; with `axis`, I
 * stands in its place.
 *
 * @throws ArgumentError for an index out of range; OptionError for an unknown option; DTypeError unless index is i32
 */
export function gather(x: Tensor, index: Tensor, options?: GatherOptions): Tensor {
  requireTensor('gather', x);
  requireTensor('gather', index, 'index');
  if (options === undefined && index.rank === 1) return gatherRows(x, index);
  if (options !== undefined) checkOptions('gather', rules, options, axisAdvice);
  const axis = axisOf('gather', x, options?.axis ?? 0);
  const axes = [...x.shape.keys()];
  const first = axis === 0 ? x : transpose(x, [axis, ...axes.toSpliced(axis, 1)]);
  const flat = index.rank === 1 ? index : reshape(index, [index.size]);
  const rows = reshape(gatherRows(first, flat), [...index.shape, ...first.shape.slice(1)]);
  if (axis === 0) return rows;
  const places = [...rows.shape.keys()];
  const [chosen, before] = [places.slice(0, index.rank), places.slice(index.rank, index.rank + axis)];
  return transpose(rows, [...before, ...chosen, ...places.slice(index.rank + axis)]);
}

const alongRules = {
  /** The axis that indices count along, itself counted from the last where negative. Default the last. */
  axis: axisOption(),
};

/** Options of `takeAlongAxis`. */
export type AlongAxisOptions = OptionsOf<typeof alongRules>;

/**
 * An element of x for each index, on the index's own line along an axis: of two axes y[i, k] = x[i, index[i, k]], as
 * NumPy's `take_along_axis` and PyTorch's `gather`. Index i32 of the rank of x; other axes broadcast.
 *
 * @throws ArgumentError for an index out of range; ShapeError for shapes that do not fit; OptionError for an unknown option
 */
export function takeAlongAxis(x: Tensor, index: Tensor, options: AlongAxisOptions = {}): Tensor {
  const operation = 'takeAlongAxis';
  requireTensor(operation, x);
  requireTensor(operation, index, 'index');
  checkOptions(operation, alongRules, options, axisAdvice);
  const axis = axisOf(operation, x, options.axis ?? -1);
  if (index.rank !== x.rank)
    throw new ShapeError({
      operation,
      expected: `an index of ${x.rank} axes, as many as x has`,
      actual: String(index),
    });
  const shape = broadcastShapes(operation, x.shape.with(axis, 1), index.shape.with(axis, 1));
  const extent = x.shape[axis] as number;
  const lines = withAxisLast(broadcastTo(x, shape.with(axis, extent)), axis);
  const chosen = broadcastTo(index, shape.with(axis, index.shape[axis] as number));
  const places = flatPlaces(operation, chosen, axis, extent);
  const elements = gatherRows(reshape(lines, [sizeOf(lines.shape)]), places);
  return withLastAt(reshape(elements, withAxisLast(chosen, axis).shape), axis);
}
