import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type DatasetSource,
  type ImageDataset,
  imageDatasets,
  loadMnist,
  optionsFor,
  type Split,
  splitValidation,
  subset,
} from '@funhash/datasets';
import type { Module } from '@funhash/layers';
import { SpecError } from '../errors.ts';
import type { DataSpec } from '../spec/run-spec.ts';

type ImageSource = DatasetSource<DatasetSource['options'], ImageDataset>;

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
  if (Object.hasOwn(imageDatasets, name)) {
    const source = imageDatasets[name as keyof typeof imageDatasets] as DatasetSource as ImageSource;
    // Collections are loaded whole and drawn from by seed: their first images would be no fair sample.
    const wanted =
      trainCount !== undefined && source.isDrawn
        ? trainCount + validationCount(trainCount, validation)
        : undefined;
    const given = { seed, backgroundsDir: backgrounds, trainCount: wanted, testCount };
    return source(optionsFor(source.options, given));
  }
  const isFolder = await stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new SpecError({
      operation: 'data',
      expected: `one of ${Object.keys(imageDatasets).join(', ')}, or a folder of IDX files`,
      actual: name,
    });
  const found = await loadMnist({ dir: name, verify: false });
  const test =
    testCount === undefined ? found.test : subset(found.test, Math.min(testCount, found.test.count));
  return { ...found, name: basename(name), description: `IDX files of ${basename(name)}`, test };
}

/**
 * Compares the size of images with the one that a net takes, where its signature says that.
 *
 * @throws SpecError where they differ
 */
export function requireFit(
  { signature }: Pick<Module, 'signature'>,
  { name, inputShape }: Pick<ImageDataset, 'name' | 'inputShape'>,
): void {
  if (!signature || valuesIn(signature.input) === valuesIn(inputShape)) return;
  throw new SpecError({
    operation: 'data',
    expected: `images of [${signature.input.join(', ')}], which the model takes`,
    actual: `${name} of [${inputShape.join(', ')}]`,
    remedy: 'Name the data that the model was trained on; in the command after --data.',
  });
}

const valuesIn = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

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
