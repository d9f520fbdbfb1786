import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { normalizeAxis, runScan, ShapeError, type Tensor, tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { gather } from './index-ops.ts';
import { transpose } from './views.ts';

const rules = {
  /** The axis along which elements are summed, counted from the last where negative. Default the last. */
  axis: option.that<number>('an axis', Number.isInteger),
};

/** Options of `cumsum`. */
export type CumsumOptions = OptionsOf<typeof rules>;

/**
 * Cumulative sums along an axis, each with its own element: x of any shape but [] → the same shape. Its gradient is the
 * cumulative sum of the cotangent from the other end. Takes f32, f64 and, without gradient, i32.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function cumsum(x: Tensor, options: CumsumOptions = {}): Tensor {
  checkOptions('cumsum', rules, options, { dim: 'did you mean axis?' });
  if (x.rank === 0)
    throw new ShapeError({ operation: 'cumsum', expected: 'at least one axis', actual: '[]' });
  const axis = normalizeAxis(options.axis ?? -1, x.rank, 'cumsum');
  return exchanged(alongLast(exchanged(x, axis)), axis);
}

function alongLast(x: Tensor): Tensor {
  return recorded([x], runScan(x), (g) => [reversed(alongLast(reversed(g)))]);
}

/** The elements along the last axis from the last to the first. */
function reversed(x: Tensor): Tensor {
  const extent = x.shape.at(-1) as number;
  const order = tensor(Int32Array.from({ length: extent }, (_, k) => extent - 1 - k));
  return exchanged(gather(exchanged(x, 0), order), 0);
}

/** x with an axis and the last one exchanged. */
function exchanged(x: Tensor, axis: number): Tensor {
  const last = x.rank - 1;
  if (axis === last) return x;
  const order = x.shape.map((_, k) => (k === axis ? last : k === last ? axis : k));
  return transpose(x, order);
}
