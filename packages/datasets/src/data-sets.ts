import { cifar10 } from './cifar10/cifar10.ts';
import type { ImageDataset } from './images/image-dataset.ts';
import { fashionMnist } from './mnist/fashion-mnist.ts';
import { mnist } from './mnist/mnist.ts';
import { basic, bgImg, bgImgRot, bgRand, rot } from './mnist/mnist-variations.ts';
import { convex, rect, rectImg } from './mnist/shapes.ts';
import { addingProblem } from './sequences/adding-problem.ts';
import { weather } from './sequences/weather.ts';
import { imdb } from './text/imdb.ts';

/**
 * Every data set by name. `trainCount` and `testCount` default to the published sizes; of collections of real data they
 * take the first samples. To add a data set, write its file and add its row.
 */
export const datasets = {
  mnist,
  cifar10,
  'fashion-mnist': fashionMnist,
  basic,
  rot,
  'bg-rand': bgRand,
  'bg-img': bgImg,
  'bg-img-rot': bgImgRot,
  rect,
  'rect-img': rectImg,
  convex,
  'adding-problem': addingProblem,
  imdb,
  weather,
} as const;

export type DatasetName = keyof typeof datasets;

/** The name of a data set of images. */
export type ImageDatasetName = {
  [K in DatasetName]: Awaited<ReturnType<(typeof datasets)[K]>> extends ImageDataset ? K : never;
}[DatasetName];

/** Every data set of images by name. */
export const imageDatasets = /* @__PURE__ */ ofImages();

function ofImages(): Pick<typeof datasets, ImageDatasetName> {
  const images = Object.entries(datasets).filter(([, { holdsImages }]) => holdsImages);
  return Object.fromEntries(images) as unknown as Pick<typeof datasets, ImageDatasetName>;
}
