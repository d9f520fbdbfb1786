import { checkOptions, type OptionsOf } from '@funhash/hashing';
import { requireTensor, ShapeError, sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { axisOf, withAxisLast, withLastAt } from './axis-last.ts';
import { scatterRows } from './index-ops.ts';
import { axisAdvice, axisOption, refuseOptions } from './option-rules.ts';
import { flatPlaces, requireEqualBeside } from './places.ts';
import { add } from './pointwise.ts';
import { reshape, transpose } from './views.ts';

const rules = {
  /** The axis that indices count along, itself counted from the last where negative. Default the first. */
  axis: axisOption(),
};

/** Options of `scatterAdd` on a base, and of `indexAdd`. */
export type ScatterOptions = OptionsOf<typeof rules>;

/**
 * Zeros [rows, ...] to which row index[n] has x[n] added, for each n: x [...I, ...], index i32 [...I].
 *
 * @throws ArgumentError for an index out of range; ShapeError for shapes that do not fit
 */
export function scatterAdd(x: Tensor, index: Tensor, rows: number): Tensor;
/**
 * `base` with every element of x added at its index, on the element's own line along an axis: of two axes
 * y[index[i, k], k] += x[i, k], as PyTorch's `scatter_add`. Index i32 of the shape of x; base has the extents of x but along
 * that axis.
 *
 * @throws ArgumentError for an index out of range; ShapeError for shapes that do not fit; OptionError for an unknown option
 */
export function scatterAdd(x: Tensor, index: Tensor, base: Tensor, options?: ScatterOptions): Tensor;
export function scatterAdd(
  x: Tensor,
  index: Tensor,
  base: number | Tensor,
  options?: ScatterOptions,
): Tensor {
  const operation = 'scatterAdd';
  requireTensor(operation, x);
  requireTensor(operation, index, 'index');
  if (typeof base === 'number') {
    refuseOptions(operation, options);
    if (!(Number.isSafeInteger(base) && base >= 0))
      throw new ShapeError({ operation, expected: 'rows: a whole number ≥ 0', actual: String(base) });
    return scatterSlices(x, index, base);
  }
  requireTensor(operation, base, 'base');
  if (options !== undefined) checkOptions(operation, rules, options, axisAdvice);
  const axis = axisOf(operation, base, options?.axis ?? 0);
  if (!sameShape(x.shape, index.shape))
    throw new ShapeError({
      operation,
      expected: `an index for each element of ${shapeText(x.shape)}`,
      actual: shapeText(index.shape),
      remedy: 'Use indexAdd for indices of whole slices.',
    });
  requireEqualBeside(operation, base, x, axis);
  const places = flatPlaces(operation, index, axis, base.shape[axis] as number);
  const sums = scatterRows(reshape(withAxisLast(x, axis), [x.size]), places, base.size);
  return add(base, withLastAt(reshape(sums, withAxisLast(base, axis).shape), axis));
}

function scatterSlices(x: Tensor, index: Tensor, rows: number): Tensor {
  if (index.rank === 1) return scatterRows(x, index, rows);
  if (!sameShape(x.shape.slice(0, index.rank), index.shape))
    throw new ShapeError({
      operation: 'scatterAdd',
      expected: `x [${[...index.shape, '...'].join(', ')}] for an index ${shapeText(index.shape)}`,
      actual: shapeText(x.shape),
    });
  return scatterRows(
    reshape(x, [index.size, ...x.shape.slice(index.rank)]),
    reshape(index, [index.size]),
    rows,
  );
}

/**
 * `base` with slices of x added at indices along an axis, as PyTorch's `index_add`: y[index[n]] += x[n]. Index i32 [N]; x
 * has the extents of base but N along that axis.
 *
 * @throws ArgumentError for an index out of range; ShapeError for shapes that do not fit; OptionError for an unknown option
 */
export function indexAdd(base: Tensor, index: Tensor, x: Tensor, options: ScatterOptions = {}): Tensor {
  const operation = 'indexAdd';
  requireTensor(operation, base, 'base');
  requireTensor(operation, index, 'index');
  requireTensor(operation, x);
  checkOptions(operation, rules, options, axisAdvice);
  const axis = axisOf(operation, base, options.axis ?? 0);
  requireEqualBeside(operation, base, x, axis);
  const exchange = [...base.shape.keys()].with(0, axis).with(axis, 0);
  const sums = scatterRows(transpose(x, exchange), index, base.shape[axis] as number);
  return add(base, transpose(sums, exchange));
}
