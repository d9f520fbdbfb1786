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

/** The part of a configuration that decides the data. */
export interface DataConfig {
  readonly data: string;
  readonly dataSeed: number;
  readonly backgrounds?: string;
  readonly trainCount?: number;
  readonly testCount?: number;
  readonly validation: number;
}

/** Real data sets are loaded whole and drawn from by seed: their first images would be no fair sample. */
const drawnBySeed: readonly string[] = ['mnist', 'fashion-mnist', 'cifar10'];

/**
 * A data set by name, or from a folder of IDX files.
 *
 * @throws SpecError for an unknown name, a data error when files are absent or damaged
 */
export async function loadImages(config: DataConfig): Promise<ImageDataset> {
  const { data, dataSeed, backgrounds, trainCount, testCount, validation } = config;
  if (Object.hasOwn(datasets, data)) {
    const wanted =
      trainCount === undefined ? undefined : trainCount + validationCount(trainCount, validation);
    return datasets[data as DatasetName]({
      seed: dataSeed,
      ...(backgrounds !== undefined && { backgroundsDir: backgrounds }),
      ...(wanted !== undefined && !drawnBySeed.includes(data) && { trainCount: wanted }),
      ...(testCount !== undefined && { testCount }),
    });
  }
  const isFolder = await stat(data).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new SpecError({
      operation: 'data',
      expected: `one of ${Object.keys(datasets).join(', ')}, or a folder of IDX files`,
      actual: data,
    });
  const found = await loadMnist({ dir: data, verify: false });
  const test =
    testCount === undefined ? found.test : subset(found.test, Math.min(testCount, found.test.count));
  return { ...found, name: basename(data), description: `IDX files of ${basename(data)}`, test };
}

/**
 * How many images one run trains on, and how many it is judged by while choices are made.
 *
 * @throws SpecError when there are too few
 */
export function splitCounts(
  available: number,
  { trainCount, validation }: Pick<DataConfig, 'trainCount' | 'validation'>,
): { train: number; validation: number } {
  const held = validationCount(trainCount ?? available, validation);
  const train = trainCount ?? available - held;
  if (held < 1 || train < 1 || train + held > available)
    throw new SpecError({
      operation: 'data',
      expected: `training and validation images, together at most ${available}`,
      actual: `${train} and ${held}`,
      remedy: 'Change --train-count or --validation.',
    });
  return { train, validation: held };
}

/** Draws these images from a training set by the run's seed. */
export function drawSplits(
  pool: Split,
  config: Pick<DataConfig, 'trainCount' | 'validation'>,
  seed: number,
): { train: Split; validation: Split } {
  const { train, validation } = splitCounts(pool.count, config);
  const used = train + validation;
  return splitValidation(used === pool.count ? pool : subset(pool, used, seed), validation, seed);
}

function validationCount(trainCount: number, validation: number): number {
  return validation < 1 ? Math.round(validation * trainCount) : Math.round(validation);
}
