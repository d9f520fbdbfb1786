import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { arange, requireTensor, ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { greaterEqual, lessEqual, subtract, where } from './pointwise.ts';
import { reshape } from './views.ts';

const rules = {
  /** The diagonal up to which elements are kept: 0 the main one, above 0 those to its right. Default 0. */
  diagonal: option.that<number>('a whole number', Number.isSafeInteger),
};

/** Options of `tril` and `triu`. */
export type TriangleOptions = OptionsOf<typeof rules>;

/**
 * The lower triangles of matrices, 0 above the diagonal: x [..., M, N] → the same shape.
 *
 * @throws ShapeError for fewer than two axes; OptionError for an unknown option
 */
export function tril(x: Tensor, options: TriangleOptions = {}): Tensor {
  checkOptions('tril', rules, options, advice);
  return kept('tril', x, (offset) => lessEqual(offset, options.diagonal ?? 0));
}

/**
 * The upper triangles of matrices, 0 below the diagonal: x [..., M, N] → the same shape.
 *
 * @throws ShapeError for fewer than two axes; OptionError for an unknown option
 */
export function triu(x: Tensor, options: TriangleOptions = {}): Tensor {
  checkOptions('triu', rules, options, advice);
  return kept('triu', x, (offset) => greaterEqual(offset, options.diagonal ?? 0));
}

const advice = { k: 'did you mean diagonal?' };

function kept(operation: string, x: Tensor, isKept: (offset: Tensor) => Tensor): Tensor {
  requireTensor(operation, x);
  if (x.rank < 2)
    throw new ShapeError({ operation, expected: 'matrices [..., M, N]', actual: shapeText(x.shape) });
  return where(isKept(diagonals(x.shape.at(-2) as number, x.shape.at(-1) as number, x.dtype)), x, 0);
}

/** The number of the diagonal that an element of a matrix lies on, column − row: [rows, cols]. */
export function diagonals(rows: number, cols: number, dtype: Tensor['dtype']): Tensor {
  return subtract(arange(cols, { dtype }), reshape(arange(rows, { dtype }), [rows, 1]));
}
