import { ArgumentError, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { SequenceError } from '../errors.ts';

export const constantRules = {
  /** Whether all steps of the window share their constants (default, as published), or each step has its own. */
  per: option.oneOf(['window', 'step']),
  /**
   * Quantile of the training values that counts as the highest, and its counterpart as the lowest. Default 1, the
   * extremes themselves, as published: they are outliers and grow with the number of training sequences.
   */
  top: option.real({ least: 0.5, most: 1 }),
};

export type ConstantOptions = OptionsOf<typeof constantRules>;

/** What training data say about ξ or Δξ: of the window, or of each of its steps. */
export interface Constants {
  /** Training sequences that they were taken from. */
  readonly count: number;
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Constants of values [count, steps]; padding (NaN) is left out.
 *
 * @throws SequenceError where a step has no value, or values do not vary
 */
export function constantsOf(
  operation: string,
  values: Float64Array,
  steps: number,
  { per = 'window', top = 1 }: ConstantOptions = {},
): Constants {
  const count = values.length / steps;
  const groups = per === 'window' ? [values] : columns(values, steps);
  const each = groups.map((group, k) => {
    const sorted = group.filter((value) => !Number.isNaN(value)).sort();
    const place = per === 'window' ? 'the window' : `step ${k} of the window`;
    if (sorted.length === 0)
      throw new SequenceError({
        operation,
        expected: `training sequences that reach ${place}`,
        actual: 'padding only',
        remedy: 'Count steps from the end, or take a window that short sequences have.',
      });
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number;
    const [min, max] = [at(1 - top), at(top)];
    if (!(max > min))
      throw new SequenceError({
        operation,
        expected: `a signal that varies over training sequences in ${place}`,
        actual: `${min} everywhere`,
        remedy: 'Give more training sequences, of several classes.',
      });
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length;
    return { min, max, mean, std: Math.sqrt(variance) };
  });
  const list = (name: 'min' | 'max' | 'mean' | 'std'): number[] => each.map((own) => own[name]);
  return { count, min: list('min'), max: list('max'), mean: list('mean'), std: list('std') };
}

const columns = (values: Float64Array, steps: number): Float64Array[] =>
  Array.from({ length: steps }, (_, step) => values.filter((_, k) => k % steps === step));

/** A value between the lowest, 0, and the highest, 1, of training. */
export function normalized({ min, max }: Constants, value: number, step: number): number {
  const k = min.length === 1 ? 0 : step;
  return (value - (min[k] as number)) / ((max[k] as number) - (min[k] as number));
}

/** A value in standard deviations from the mean of training. */
export function standardized({ mean, std }: Constants, value: number, step: number): number {
  const k = mean.length === 1 ? 0 : step;
  return (value - (mean[k] as number)) / (std[k] as number);
}

/**
 * Constants that came from elsewhere, such as a file.
 *
 * @throws ArgumentError for what are none, or not those of so many steps
 */
export function requireConstants(
  operation: string,
  id: string,
  given: Constants | undefined,
  steps: number,
): Constants {
  const { count, min, max, mean, std } = given ?? ({} as Partial<Constants>);
  const lists: readonly unknown[] = [min, max, mean, std];
  const length = min?.length;
  const isWhole =
    Number.isInteger(count) &&
    (length === 1 || length === steps) &&
    lists.every((list) => Array.isArray(list) && list.length === length && list.every(Number.isFinite));
  if (given && isWhole) return given;
  throw new ArgumentError({
    operation,
    expected: `constants of ${id}: count, and min, max, mean and std, 1 or ${steps} numbers each`,
    actual: shownValue(given),
  });
}
