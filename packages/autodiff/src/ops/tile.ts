import { ArgumentError, checkOptions, type OptionsOf, shownValue } from '@funhash/hashing';
import { requireIntegers, requireTensor, ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { axisOf } from './axis-last.ts';
import { axisAdvice, axisOption } from './option-rules.ts';
import { broadcastTo, expandDims, reshape } from './views.ts';

/**
 * x several times side by side along each axis, as NumPy's `tile` and PyTorch's `repeat`: x [A, B] with counts [2, 3] →
 * [2·A, 3·B]. More counts than axes add axes in front; fewer count from the last axis.
 *
 * @throws ShapeError unless counts are whole numbers ≥ 0
 */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  requireTensor('tile', x);
  requireIntegers('tile', counts, 'counts');
  if (counts.some((count) => count < 0))
    throw new ShapeError({
      operation: 'tile',
      expected: 'counts: whole numbers ≥ 0',
      actual: shapeText(counts),
    });
  const rank = Math.max(counts.length, x.rank);
  const shape = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const times = [...new Array<number>(rank - counts.length).fill(1), ...counts];
  const pairs = (of: (axis: number) => number): number[] =>
    shape.flatMap((extent, axis) => [of(axis), extent]);
  const apart = reshape(
    x,
    pairs(() => 1),
  );
  const repeated = broadcastTo(
    apart,
    pairs((axis) => times[axis] as number),
  );
  return reshape(
    repeated,
    shape.map((extent, axis) => extent * (times[axis] as number)),
  );
}

const rules = {
  /** The axis along which elements are repeated, counted from the last where negative. Default the first. */
  axis: axisOption(),
};

/** Options of `repeat`. */
export type RepeatOptions = OptionsOf<typeof rules>;

/**
 * Each slice of x along an axis several times in a row, as NumPy's `repeat` and PyTorch's `repeat_interleave`: [a, b] twice →
 * [a, a, b, b].
 *
 * @throws ArgumentError unless the count is a whole number ≥ 0; ShapeError for an axis that x lacks; OptionError for an
 * unknown option
 */
export function repeat(x: Tensor, count: number, options: RepeatOptions = {}): Tensor {
  checkOptions('repeat', rules, options, axisAdvice);
  const axis = axisOf('repeat', x, options.axis ?? 0);
  if (!(Number.isSafeInteger(count) && count >= 0))
    throw new ArgumentError({
      operation: 'repeat',
      expected: 'count: a whole number ≥ 0',
      actual: shownValue(count),
      ...(Array.isArray(count) && { remedy: 'Use tile for a count of each axis.' }),
    });
  const apart = expandDims(x, axis + 1);
  const repeated = broadcastTo(apart, apart.shape.with(axis + 1, count));
  return reshape(repeated, x.shape.with(axis, (x.shape[axis] as number) * count));
}
