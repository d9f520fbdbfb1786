import { type DatasetSource, type ImageDataset, imageDatasets, optionsFor } from '@funhash/datasets';
import type { DataSource } from '../data-source.ts';
import { validationCount } from '../split-counts.ts';

type ImageSource = DatasetSource<DatasetSource['options'], ImageDataset>;

/** Data sets by their names. */
export const namedSets: DataSource = {
  expected: `one of ${Object.keys(imageDatasets).join(', ')}`,
  takes: ['backgrounds', 'dir'],
  has: ({ name }) => Object.hasOwn(imageDatasets, name),
  load: ({ name, seed, backgrounds, dir, trainCount, testCount, validation }) => {
    const source = imageDatasets[name as keyof typeof imageDatasets] as DatasetSource as ImageSource;
    // Collections are loaded whole and drawn from by seed: their first images would be no fair sample.
    const wanted =
      trainCount !== undefined && source.isDrawn
        ? trainCount + validationCount(trainCount, validation)
        : undefined;
    const given = { seed, backgroundsDir: backgrounds, dir, trainCount: wanted, testCount };
    return source(optionsFor(source.options, given));
  },
};
