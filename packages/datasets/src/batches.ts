import { ArgumentError, checkOptions, type OptionsOf, option, random, requireBytes } from '@funhash/hashing';
import { seedRule } from './define-dataset.ts';
import { type Augmentation, augment, augmentationRules } from './images/augment.ts';
import { pixelsOf, type Split } from './images/image-dataset.ts';
import type { ImageSize } from './images/warp.ts';

const scalingRules = {
  /** Mean of the pixels, scaled to 0–1, that becomes 0. Default 0. */
  mean: option.real(),
  /** Standard deviation of the pixels, scaled to 0–1, that becomes 1. Default 1. */
  std: option.positive(),
};

/** How pixels become floats: (pixel / 255 - mean) / std. */
export type Scaling = OptionsOf<typeof scalingRules>;

const rules = {
  ...scalingRules,
  /** Images in a batch; the last one may have fewer. */
  batchSize: option.required(option.count()),
  /** Whether the order is drawn anew in each epoch, else it is that of the split. Default true. */
  shuffle: option.flag(),
  /** Decides the order together with `epoch`. Default 0. */
  seed: seedRule(),
  /** Each epoch has an order of its own. Default 0. */
  epoch: seedRule(),
  /** Leave out a last batch that is not full. Default false. */
  dropLast: option.flag(),
  /** Size of the images; the data set itself will do. Batches then tell it as their `inputShape`. */
  imageSize: option.that<ImageSize>(
    'an object with height, width and channels, whole numbers ≥ 1',
    (size) =>
      typeof size === 'object' &&
      size !== null &&
      ['height', 'width', 'channels'].every((side) =>
        option.count().accepts(size[side as keyof typeof size]),
      ),
  ),
  /**
   * Changes the images, each epoch anew, before they are scaled. A seed, an epoch and an image's place in the split
   * decide what happens to it. Needs `imageSize`.
   */
  augment: option.any<Augmentation>(),
};

export type BatchOptions = OptionsOf<typeof rules>;

export interface Batch {
  /** Pixels of the images as floats, `[n, height · width · channels]`. */
  readonly inputs: Float32Array;
  /** Class of each image, `[n]`. */
  readonly labels: Int32Array;
  /** Place of each image in the split, `[n]`. */
  readonly indices: Uint32Array;
  /** Shape of one image, `[height, width, channels]`, where `imageSize` was given. */
  readonly inputShape?: readonly number[];
}

/** One epoch, batch by batch, in any order. */
export interface BatchPlan {
  readonly steps: number;
  /** Batch `step`, 0 … steps − 1. */
  at(step: number): Batch;
}

/**
 * One epoch over a split, in batches. Equal options give equal batches, also when iterated again. Arrays are fresh
 * for each batch, so they may be kept or handed to a worker. `fit` takes them as they are:
 *
 *     fit({ model, data: (epoch) => batches(train, { batchSize: 100, epoch, imageSize: mnist, augment: { shift: 2 } }), … })
 *
 * @throws ArgumentError when an option is unknown or out of range, or imageSize is not that of the
 * split.
 */
export function batches(split: Split, options: BatchOptions): Iterable<Batch> {
  const plan = batchPlan(split, options);
  return {
    *[Symbol.iterator]() {
      for (let step = 0; step < plan.steps; step++) yield plan.at(step);
    },
  };
}

/** One epoch of `batches`, with every batch within reach. */
export function batchPlan(split: Split, options: BatchOptions): BatchPlan {
  checkOptions('batches', rules, options);
  const { batchSize, shuffle = true, seed = 0, epoch = 0, dropLast = false, imageSize } = options;
  const scale = scaleTable(options);
  const { pixels: all, elements } = pixelsOf('batches', split);
  const vary = variationOf(options, elements);
  const order = shuffle
    ? random(seed).fork('epoch').fork(epoch).permutation(split.count)
    : Uint32Array.from({ length: split.count }, (_, i) => i);
  const inputShape = imageSize && [imageSize.height, imageSize.width, imageSize.channels];
  return {
    steps: dropLast ? Math.floor(split.count / batchSize) : Math.ceil(split.count / batchSize),
    at: (step) => {
      const indices = order.slice(step * batchSize, (step + 1) * batchSize);
      const pixels = new Uint8Array(indices.length * elements);
      const labels = new Int32Array(indices.length);
      indices.forEach((from, i) => {
        pixels.set(all.subarray(from * elements, (from + 1) * elements), i * elements);
        labels[i] = split.labels[from] as number;
      });
      const images = scaled(vary(pixels, indices), scale);
      return { inputs: images, labels, indices, ...(inputShape && { inputShape }) };
    },
  };
}

type Vary = (pixels: Uint8Array, indices: Uint32Array) => Uint8Array;

function variationOf(
  { imageSize, augment: wanted, seed = 0, epoch = 0 }: BatchOptions,
  elements: number,
): Vary {
  if (imageSize) {
    const { height, width, channels } = imageSize;
    if (elements !== 0 && height * width * channels !== elements)
      throw new ArgumentError({
        operation: 'batches',
        expected: `an imageSize of ${elements} values, as the split has them`,
        actual: `${height} × ${width} × ${channels}`,
      });
    if (!wanted) return (pixels) => pixels;
    checkOptions('augment', augmentationRules, wanted);
    return (pixels, indices) => augment(pixels, { height, width, channels, ...wanted, indices, seed, epoch });
  }
  if (!wanted) return (pixels) => pixels;
  throw new ArgumentError({
    operation: 'batches',
    expected: 'an imageSize with augment',
    actual: 'none',
    remedy: 'Pass the data set as imageSize.',
  });
}

/**
 * Pixels as floats, 0–1 or normalised; same shape. Bytes of a canvas, `imageData.data`, are pixels too.
 *
 * @throws ArgumentError for what is no bytes
 */
export function toFloats(images: Uint8Array | Uint8ClampedArray, scaling: Scaling = {}): Float32Array {
  checkOptions('toFloats', scalingRules, scaling);
  return scaled(requireBytes('toFloats', 'images', images), scaleTable(scaling));
}

function scaled(pixels: Uint8Array, scale: Float32Array): Float32Array {
  const floats = new Float32Array(pixels.length);
  for (let k = 0; k < pixels.length; k++) floats[k] = scale[pixels[k] as number] as number;
  return floats;
}

function scaleTable({ mean = 0, std = 1 }: Scaling): Float32Array {
  return Float32Array.from({ length: 256 }, (_, pixel) => (pixel / 255 - mean) / std);
}
