import { type Dataset, type Samples, splitValidation, subset } from '@funhash/datasets';
import { SpecError } from '../errors.ts';
import type { DataSpec } from '../spec/run-spec.ts';

/**
 * How many samples one run trains on, and how many it is judged by while choices are made.
 *
 * @throws SpecError when there are too few
 */
export function splitCounts(
  available: number,
  { trainCount, validation }: Pick<DataSpec, 'trainCount' | 'validation'>,
): { train: number; validation: number } {
  const held = validationCount(trainCount ?? available, validation);
  const train = trainCount ?? available - held;
  if (held < 1 || train < 1 || train + held > available)
    throw new SpecError({
      operation: 'data',
      expected: `training and validation samples, together at most ${available}`,
      actual: `${train} and ${held}`,
      remedy: 'Change trainCount or validation.',
    });
  return { train, validation: held };
}

/** Draws these samples from a training set by the run's seed; of ordered data the first ones train and the next ones validate. */
export function drawSplits<S extends Samples>(
  pool: S,
  config: Pick<DataSpec, 'trainCount' | 'validation'>,
  drawnBy: number,
  { isOrdered = false }: Pick<Dataset, 'isOrdered'> = {},
): { train: S; validation: S } {
  const { train, validation } = splitCounts(pool.count, config);
  const used = train + validation;
  const seed = isOrdered ? undefined : drawnBy;
  return splitValidation(used === pool.count ? pool : subset(pool, used, seed), validation, seed);
}

/** Samples held out of a training set of this size; below 1 `validation` is a share. */
export function validationCount(trainCount: number, validation: number): number {
  return validation < 1 ? Math.round(validation * trainCount) : Math.round(validation);
}

/** Data with the first of their test samples alone. */
export function withTests<D extends Dataset>(data: D, testCount = data.test.count): D {
  return testCount < data.test.count ? { ...data, test: subset(data.test, testCount) } : data;
}
