import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type DatasetName,
  datasets,
  type ImageDataset,
  loadMnist,
  type Split,
  splitValidation,
  subset,
} from '@funhash/datasets';
import { SpecError } from '../errors.ts';
import type { DataSpec } from '../spec/run-spec.ts';

/** Real data sets are loaded whole and drawn from by seed: their first images would be no fair sample. */
const drawnBySeed: readonly string[] = ['mnist', 'fashion-mnist', 'cifar10'];

/**
 * A data set by name, or from a folder of IDX files.
 *
 * @throws SpecError for an unknown name, a data error when files are absent or damaged
 */
export async function loadImages({
  name,
  seed,
  backgrounds,
  trainCount,
  testCount,
  validation,
}: DataSpec): Promise<ImageDataset> {
  if (Object.hasOwn(datasets, name)) {
    const wanted =
      trainCount === undefined ? undefined : trainCount + validationCount(trainCount, validation);
    return datasets[name as DatasetName]({
      seed,
      ...(backgrounds !== undefined && { backgroundsDir: backgrounds }),
      ...(wanted !== undefined && !drawnBySeed.includes(name) && { trainCount: wanted }),
      ...(testCount !== undefined && { testCount }),
    });
  }
  const isFolder = await stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new SpecError({
      operation: 'data',
      expected: `one of ${Object.keys(datasets).join(', ')}, or a folder of IDX files`,
      actual: name,
    });
  const found = await loadMnist({ dir: name, verify: false });
  const test =
    testCount === undefined ? found.test : subset(found.test, Math.min(testCount, found.test.count));
  return { ...found, name: basename(name), description: `IDX files of ${basename(name)}`, test };
}

/**
 * How many images one run trains on, and how many it is judged by while choices are made.
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
      expected: `training and validation images, together at most ${available}`,
      actual: `${train} and ${held}`,
      remedy: 'Change trainCount or validation.',
    });
  return { train, validation: held };
}

/** Draws these images from a training set by the run's seed. */
export function drawSplits(
  pool: Split,
  config: Pick<DataSpec, 'trainCount' | 'validation'>,
  seed: number,
): { train: Split; validation: Split } {
  const { train, validation } = splitCounts(pool.count, config);
  const used = train + validation;
  return splitValidation(used === pool.count ? pool : subset(pool, used, seed), validation, seed);
}

function validationCount(trainCount: number, validation: number): number {
  return validation < 1 ? Math.round(validation * trainCount) : Math.round(validation);
}
