import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireRoom, requireTensor, ShapeError, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import { gather } from './gather.ts';
import { padWith, requireAmounts } from './views.ts';

const rules = {
  /**
   * What is put around x: elements of `value`; its own mirrored at the edge, which is not repeated (reflect); the edge
   * (edge); or x again as if it were periodic (wrap). Default constant.
   */
  mode: option.oneOf(['constant', 'reflect', 'edge', 'wrap']),
  /** The elements of mode constant. Default 0. */
  value: option.that<number>('a number', (value) => typeof value === 'number'),
};

/** Options of `pad`. */
export type PadModeOptions = OptionsOf<typeof rules>;

const advice = { constant_values: 'did you mean value?' };

/** The element of an axis that lies at a place before, on or behind it. */
const sources = {
  edge: (place: number, extent: number) => Math.min(Math.max(place, 0), extent - 1),
  wrap: (place: number, extent: number) => modulo(place, extent),
  reflect: (place: number, extent: number) => {
    const period = Math.max(1, 2 * (extent - 1));
    const at = modulo(place, period);
    return at < extent ? at : period - at;
  },
};

const modulo = (place: number, extent: number): number => ((place % extent) + extent) % extent;

/**
 * x with elements around it, `amounts[axis] = [before, after]` of them, as NumPy's `pad`: zeros, another value given as
 * number or option, or elements of x by `mode`.
 *
 * @throws ShapeError unless there are two whole numbers for each axis, or where an axis without elements has none to repeat;
 * OptionError for an unknown option
 */
export function pad(
  x: Tensor,
  amounts: readonly (readonly [number, number])[],
  options: number | PadModeOptions = 0,
): Tensor {
  requireTensor('pad', x);
  if (typeof options === 'number') return padWith(x, amounts, options);
  checkOptions('pad', rules, options, advice);
  const { mode = 'constant', value = 0 } = options;
  if (mode === 'constant') return padWith(x, amounts, value);
  requireAmounts(x, amounts);
  const shape = amounts.map(([before, after], axis) => before + (x.shape[axis] as number) + after);
  requireRoom('pad', x.dtype, sizeOf(shape));
  return amounts.reduce((padded, [before, after], axis) => {
    if (before + after === 0) return padded;
    const extent = x.shape[axis] as number;
    if (extent === 0)
      throw new ShapeError({
        operation: 'pad',
        expected: `elements along axis ${axis} for mode ${mode}`,
        actual: String(x),
      });
    const places = Int32Array.from({ length: before + extent + after }, (_, k) =>
      sources[mode](k - before, extent),
    );
    return gather(padded, tensor(places), { axis });
  }, x);
}
