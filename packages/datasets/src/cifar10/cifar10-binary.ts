/**
 * The binary version of CIFAR-10: records of one label byte and 3072 pixel bytes, red, green and blue plane after
 * each other, each row by row; 10 000 records a file.
 * Source: the page "The CIFAR-10 dataset" beside the data, section "Binary version".
 */
import { checkArgument, checkOptions, type OptionsOf, option, requireBytes } from '@funhash/hashing';
import { countRules } from '../define-dataset.ts';
import { DataFormatError } from '../errors.ts';
import { type ImageDataset, imageDataset, type Split } from '../images/image-dataset.ts';

export const cifar10Size = { classes: 10, width: 32, height: 32, channels: 3 } as const;
const { classes, width, height, channels } = cifar10Size;
const plane = width * height;
const pixels = plane * channels;
const record = 1 + pixels;

/** The files of CIFAR-10's binary version as bytes: `data_batch_1.bin` to `data_batch_5.bin`, and `test_batch.bin`. */
export interface Cifar10Batches {
  readonly train: readonly Uint8Array[];
  readonly test: readonly Uint8Array[];
  /** What the files are called in errors, train before test. Default `train[0]`, … */
  readonly sources?: readonly string[];
}

const batchesRule = option.that<Cifar10Batches>('{ train, test }, lists of bytes', (value) => {
  const { train, test, sources } = (value ?? {}) as Partial<Cifar10Batches>;
  return Array.isArray(train) && Array.isArray(test) && (sources === undefined || Array.isArray(sources));
});

/** How many images are taken, the first ones. Default all. */
export type ImageCounts = OptionsOf<typeof countRules>;

/**
 * CIFAR-10 of the bytes of its binary files, wherever they come from: in a browser, `fetch` them. Files may hold any
 * number of whole records. Planes become pixels: images are `[count, 32, 32, 3]`.
 *
 * @throws ArgumentError for what is no bytes; DataFormatError when a file is not whole records or a label is above 9.
 */
export function fromCifar10Batches(batches: Cifar10Batches, counts: ImageCounts = {}): ImageDataset {
  checkArgument('fromCifar10Batches', 'batches', batchesRule, batches);
  checkOptions('fromCifar10Batches', countRules, counts);
  const { train, test } = batches;
  const sources = batches.sources ?? [
    ...train.map((_, k) => `train[${k}]`),
    ...test.map((_, k) => `test[${k}]`),
  ];
  return imageDataset({
    name: 'cifar10',
    description: 'CIFAR-10 photographs (Krizhevsky 2009)',
    ...cifar10Size,
    train: readBatches(train, sources, counts.trainCount),
    test: readBatches(test, sources.slice(train.length), counts.testCount),
  });
}

function readBatches(given: readonly Uint8Array[], sources: readonly string[], limit = Infinity): Split {
  const files = given.map((file, k) => requireBytes('fromCifar10Batches', sources[k] as string, file));
  const available = files.reduce((sum, file, k) => sum + recordsOf(file, sources[k] as string), 0);
  const count = Math.min(limit, available);
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const [k, file] of files.entries()) {
    for (let from = 0; from < file.length && at < count; from += record, at++) {
      const label = file[from] as number;
      if (label >= classes)
        throw new DataFormatError(sources[k] as string, from, {
          operation: 'fromCifar10Batches',
          expected: `a label below ${classes}`,
          actual: String(label),
        });
      labels[at] = label;
      for (let pixel = 0; pixel < plane; pixel++)
        for (let channel = 0; channel < channels; channel++)
          images[at * pixels + pixel * channels + channel] = file[
            from + 1 + channel * plane + pixel
          ] as number;
    }
  }
  return { count, inputs: images, labels };
}

function recordsOf(file: Uint8Array, source: string): number {
  const records = file.length / record;
  if (!Number.isInteger(records))
    throw new DataFormatError(source, Math.floor(records) * record, {
      operation: 'fromCifar10Batches',
      expected: `records of ${record} bytes`,
      actual: `${file.length % record} bytes left`,
      remedy: 'The file is truncated, damaged or not of the binary version.',
    });
  return records;
}
