import { levelsOf } from '@funhash/autodiff/op-parts';
import { checkArgument, option } from '@funhash/hashing';

const valuesRule = option.that<ArrayLike<number>>(
  'an array of numbers',
  (values) => values instanceof Float32Array || values instanceof Float64Array,
);

/**
 * Start of a learned step for stored values: twice their mean size by the root of the greatest level (Esser et al. 2020,
 * arXiv:1902.08153, section 2.1).
 *
 * @param bits of a level, 2 to 8
 */
export function startStep(values: Float32Array | Float64Array, bits: number): number {
  checkArgument('startStep', 'values', valuesRule, values);
  const { high } = levelsOf(bits, { signed: true });
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  const step = (2 * sum) / Math.max(1, values.length) / Math.sqrt(high);
  return Math.min(2 ** 30, Math.max(2 ** -30, step));
}
