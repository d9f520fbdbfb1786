import { loadCifar10 } from './cifar10/cifar10.ts';
import type { ImageDataset } from './images/image-dataset.ts';
import { loadPngFolder } from './images/png-folder.ts';
import { loadFashionMnist } from './mnist/fashion-mnist.ts';
import { loadMnist, type MnistOptions } from './mnist/mnist.ts';
import { type VariationName, variation } from './mnist/mnist-variations.ts';
import { type ShapeName, shapes } from './mnist/shapes.ts';
import type { VariationOptions } from './mnist/variation-options.ts';
import { subset } from './split.ts';

/** Plain JSON, so that a run's configuration can be saved. A loader takes what concerns it. */
export interface DatasetOptions extends MnistOptions, Omit<VariationOptions, 'backgrounds'> {
  /** Folder of PNG photographs for data sets with backgrounds. Default: generated images. */
  readonly backgroundsDir?: string;
}

export type DatasetLoader = (options?: DatasetOptions) => Promise<ImageDataset>;

/**
 * Every data set by name. `trainCount` and `testCount` default to the published sizes; of the real sets, MNIST,
 * Fashion-MNIST and CIFAR-10, they take the first images. To add a data set, write its file and add its row.
 */
export const datasets = {
  mnist: async (options = {}) => firstOf(await loadMnist(options), options),
  cifar10: (options = {}) => loadCifar10(options),
  'fashion-mnist': async (options = {}) => firstOf(await loadFashionMnist(options), options),
  basic: varied('basic'),
  rot: varied('rot'),
  'bg-rand': varied('bg-rand'),
  'bg-img': varied('bg-img'),
  'bg-img-rot': varied('bg-img-rot'),
  rect: shaped('rect'),
  'rect-img': shaped('rect-img'),
  convex: shaped('convex'),
} as const satisfies Record<string, DatasetLoader>;

export type DatasetName = keyof typeof datasets;

function varied(name: VariationName): DatasetLoader {
  return async (options = {}) => variation(name, await loadMnist(options), await withBackgrounds(options));
}

function shaped(name: ShapeName): DatasetLoader {
  return async (options = {}) => shapes(name, await withBackgrounds(options));
}

async function withBackgrounds({ backgroundsDir, ...options }: DatasetOptions): Promise<VariationOptions> {
  return backgroundsDir === undefined
    ? options
    : { ...options, backgrounds: await loadPngFolder(backgroundsDir) };
}

function firstOf(dataset: ImageDataset, { trainCount, testCount }: DatasetOptions): ImageDataset {
  return {
    ...dataset,
    train: trainCount === undefined ? dataset.train : subset(dataset.train, trainCount),
    test: testCount === undefined ? dataset.test : subset(dataset.test, testCount),
  };
}
