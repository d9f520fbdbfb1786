/**
 * Image data sets as plain records of typed arrays.
 */
import {
  ArgumentError,
  bytesOf,
  checkOptions,
  type OptionsOf,
  option,
  refuseMisspelt,
  requireBytes,
  shownValue,
} from '@funhash/hashing';
import type { Dataset, Samples } from '../dataset.ts';
import { DataFormatError } from '../errors.ts';
import { parseIdx } from '../mnist/idx.ts';

/** A labelled list of images, all of the data set's size. */
export interface Split extends Samples {
  /** Pixels 0–255, `[count, height, width, channels]`, last axis fastest. */
  readonly inputs: Uint8Array;
  /** Class of each image, `[count]`. */
  readonly labels: Uint8Array;
}

/** A data set of images: `inputShape` is `[height, width, channels]`, `dtype` is `u8`. */
export interface ImageDataset extends Dataset {
  readonly classes: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly train: Split;
  readonly test: Split;
}

/** A data set of images, as functions take it. */
export const imagesRule = option.that<ImageDataset>(
  'a data set of images, such as await loadMnist()',
  (value) => {
    const { width, train, test } = (value ?? {}) as Partial<ImageDataset>;
    return typeof width === 'number' && isSplit(train) && isSplit(test);
  },
);

const isSplit = (part: Split | undefined): boolean =>
  typeof part?.count === 'number' && bytesOf(part.inputs) !== undefined && ArrayBuffer.isView(part.labels);

/** A data set of images of its parts; shape and type of the samples follow. */
export function imageDataset(
  parts: Omit<ImageDataset, 'inputShape' | 'dtype' | 'targetShape'>,
): ImageDataset {
  const { height, width, channels } = parts;
  return { ...parts, inputShape: [height, width, channels], dtype: 'u8' };
}

/** The four IDX files that make up a data set of the MNIST family, unpacked. */
export interface IdxFiles {
  readonly trainImages: Uint8Array;
  readonly trainLabels: Uint8Array;
  readonly testImages: Uint8Array;
  readonly testLabels: Uint8Array;
}

const idxRules = {
  /** Short name of the data set, for tables of results. */
  name: option.required(option.text()),
  /** Origin of the images, in one sentence. Default: IDX files. */
  description: option.text(),
  /** Number of classes; a label outside is an error. Default 10. */
  classes: option.count(),
  /** What each file is called in errors. Default: its field's name. */
  sources: option.any<Readonly<Record<keyof IdxFiles, string>>>(),
};

export type FromIdxOptions = OptionsOf<typeof idxRules>;

/**
 * Makes a data set of four IDX files given as bytes, wherever they come from: in a browser, `fetch` them.
 * Images must be `u8 [count, height, width]`, labels `u8 [count]`. The arrays are views on the given bytes.
 *
 * @throws DataFormatError when a file is damaged, or files do not fit each other.
 */
export function fromIdx(files: IdxFiles, options: FromIdxOptions): ImageDataset {
  checkOptions('fromIdx', idxRules, options);
  const { name, description = `${name}, from IDX files`, classes = 10 } = options;
  const sources = options.sources ?? {
    trainImages: 'trainImages',
    trainLabels: 'trainLabels',
    testImages: 'testImages',
    testLabels: 'testLabels',
  };
  const train = readSplit(
    files.trainImages,
    files.trainLabels,
    sources.trainImages,
    sources.trainLabels,
    classes,
  );
  const test = readSplit(files.testImages, files.testLabels, sources.testImages, sources.testLabels, classes);
  if (train.height !== test.height || train.width !== test.width) {
    throw new DataFormatError(sources.testImages, 8, {
      operation: 'fromIdx',
      expected: `images of ${train.height} × ${train.width}, as in ${sources.trainImages}`,
      actual: `${test.height} × ${test.width}`,
    });
  }
  const { height, width } = train;
  const size = { width, height, channels: 1 };
  return imageDataset({ name, description, classes, ...size, train: train.split, test: test.split });
}

function readSplit(
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
  imageSource: string,
  labelSource: string,
  classes: number,
): { split: Split; height: number; width: number } {
  const images = parseIdx(imageBytes, { source: imageSource });
  const labels = parseIdx(labelBytes, { source: labelSource });
  if (images.dtype !== 'u8' || images.shape.length !== 3) {
    throw new DataFormatError(imageSource, 2, {
      operation: 'fromIdx',
      expected: 'images u8 [count, height, width]',
      actual: `${images.dtype} [${images.shape}]`,
    });
  }
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.dtype !== 'u8' || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataFormatError(labelSource, 2, {
      operation: 'fromIdx',
      expected: `labels u8 [${count}], one for each image`,
      actual: `${labels.dtype} [${labels.shape}]`,
    });
  }
  const bad = labels.data.findIndex((label) => label >= classes);
  if (bad !== -1) {
    throw new DataFormatError(labelSource, 8 + bad, {
      operation: 'fromIdx',
      expected: `labels below ${classes}`,
      actual: String(labels.data[bad]),
    });
  }
  return { split: { count, inputs: images.data, labels: labels.data }, height, width };
}

/**
 * The pixels of a split, and the elements of one image of it; 0 when it has none.
 *
 * @throws ArgumentError where inputs are no bytes, or do not fit the count
 */
export function pixelsOf(operation: string, split: Samples): { pixels: Uint8Array; elements: number } {
  requireSamples(operation, split);
  const pixels = requireBytes(operation, 'split.inputs', split.inputs);
  return { pixels, elements: split.count === 0 ? 0 : pixels.length / split.count };
}

const isList = (values: unknown): boolean =>
  Array.isArray(values) || (ArrayBuffer.isView(values) && 'length' in values);

/**
 * Refuses what is no split: inputs, labels and targets are lists whose lengths are multiples of the count. The name that
 * `inputs` had in earlier versions is refused with the new one.
 *
 * @throws ArgumentError
 */
export function requireSamples(operation: string, split: Samples): void {
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({ operation, expected, actual });
  };
  if (typeof split !== 'object' || split === null)
    refuse('a split, { count, inputs, labels }', shownValue(split));
  const fields = ['inputs', 'labels', 'targets', 'count'];
  refuseMisspelt('split', fields, { ...split }, { images: 'did you mean inputs?' });
  const { count, inputs, labels, targets } = split;
  if (!Number.isInteger(count) || count < 0) refuse('split.count: a whole number ≥ 0', shownValue(count));
  for (const [name, values] of Object.entries({ inputs, labels, targets })) {
    if (values === undefined && name !== 'inputs') continue;
    if (!isList(values)) refuse(`split.${name}: a typed array`, shownValue(values));
    const { length } = values as ArrayLike<number>;
    const isWhole = count === 0 ? length === 0 : length % count === 0;
    if (!isWhole || (name === 'labels' && length !== count))
      refuse(`split.${name} of ${count} samples`, `${length} numbers`);
  }
}
