import { type Dataset, datasets, type ImageDataset } from '@funhash/datasets';
import { nearestName } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { SpecError } from '../errors.ts';
import type { DataSpec } from '../spec/run-spec.ts';
import type { DataSource } from './data-source.ts';
import * as sources from './sources.ts';

/** Fields that every kind of data takes. */
const common: ReadonlySet<string> = new Set(['name', 'seed', 'trainCount', 'testCount', 'validation']);

/**
 * The samples that a spec names: a data set by its name, or files.
 *
 * @throws SpecError for a name that is none, or a field that such data do not take; a data error when files are absent or
 * damaged
 */
export async function loadData(spec: DataSpec): Promise<Dataset> {
  const source = await sourceOf(spec);
  const own = new Set<string>(source.takes);
  const strange = Object.keys(spec).filter((field) => !common.has(field) && !own.has(field));
  if (strange.length > 0)
    throw new SpecError({
      operation: 'data',
      expected: own.size === 0 ? 'a name alone' : `with ${spec.name} only ${[...own].join(', ')}`,
      actual: strange.join(', '),
    });
  return source.load(spec);
}

/** The samples that a spec names, which must be images. @throws SpecError for others, else as `loadData` */
export async function loadImages(spec: DataSpec): Promise<ImageDataset> {
  const data = await loadData(spec);
  if (isImages(data)) return data;
  throw new SpecError({
    operation: 'data',
    expected: 'images',
    actual: `${data.name} of samples [${data.inputShape.join(', ')}]`,
  });
}

/** Whether samples are pictures. */
export const isImages = (data: Dataset): data is ImageDataset => 'channels' in data && data.dtype === 'u8';

async function sourceOf(spec: DataSpec): Promise<DataSource> {
  const kinds: readonly DataSource[] = Object.values(sources);
  for (const source of kinds) if (await source.has(spec)) return source;
  const near = nearestName(spec.name, Object.keys(datasets));
  throw new SpecError({
    operation: 'data',
    expected: kinds.map(({ expected }) => expected).join(', or '),
    actual: spec.name,
    ...(near !== undefined && { remedy: `Did you mean ${near}?` }),
  });
}

/**
 * Compares the size of samples with the one that a net takes, where its signature says that.
 *
 * @throws SpecError where they differ
 */
export function requireFit(
  { signature }: Pick<Module, 'signature'>,
  { name, inputShape }: Pick<Dataset, 'name' | 'inputShape'>,
): void {
  if (!signature || valuesIn(signature.input) === valuesIn(inputShape)) return;
  throw new SpecError({
    operation: 'data',
    expected: `samples of [${signature.input.join(', ')}], which the model takes`,
    actual: `${name} of [${inputShape.join(', ')}]`,
    remedy: 'Name the data that the model was trained on; in the command after --data.',
  });
}

const valuesIn = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);
