import {
  type Augmentation,
  type Batch,
  type BatchWorker,
  batches,
  batchWorker,
  type Dataset,
  type Samples,
  type Split,
} from '@funhash/datasets';
import type { Examples, FitConfig } from '@funhash/training';
import { isImages } from '../data/load-data.ts';
import { SpecError } from '../errors.ts';

export interface TrainingDataConfig extends Required<Omit<Augmentation, 'fill'>> {
  readonly batchSize: number;
  /** Batches that make one step. */
  readonly accumulate: number;
  readonly seed: number;
  /** Prepare augmented batches in a thread of their own. */
  readonly loaderThread?: boolean;
}

export interface TrainingData {
  /** What `fit` takes. */
  readonly fields: Pick<FitConfig, 'data' | 'stepsPerEpoch'>;
  close(): Promise<void>;
}

/**
 * Training samples as `fit` takes them, images changed anew in each epoch where the configuration says so.
 *
 * @throws SpecError where samples that are no images are to be changed
 */
export async function trainingData(
  samples: Samples,
  imageSize: Dataset,
  { shift, flip, rotation, cutout, batchSize, accumulate, seed, loaderThread = false }: TrainingDataConfig,
): Promise<TrainingData> {
  if (shift === 0 && !flip && rotation === 0 && cutout === 0)
    return { fields: { data: samples }, close: async () => {} };
  if (!isImages(imageSize))
    throw new SpecError({
      operation: 'augment',
      expected: 'images, where samples are shifted, flipped, turned or cut',
      actual: `${imageSize.name} of samples [${imageSize.inputShape.join(', ')}]`,
    });
  const split = samples as Split;
  const options = { batchSize, seed, imageSize, augment: { shift, flip, rotation, cutout } };
  const stepsPerEpoch = Math.ceil(Math.ceil(split.count / batchSize) / accumulate);
  if (!loaderThread)
    return {
      fields: { data: (epoch) => flatOf(batches(split, { ...options, epoch })), stepsPerEpoch },
      close: async () => {},
    };
  const worker: BatchWorker = await batchWorker(split, options);
  return {
    fields: { data: (epoch) => flatLater(worker.epoch(epoch)), stepsPerEpoch },
    close: () => worker.close(),
  };
}

// Every net takes flat rows, a fully connected one nothing else.
const flat = ({ inputs, labels }: Batch): Examples => ({ inputs, labels });

function* flatOf(list: ReturnType<typeof batches>): Iterable<Examples> {
  for (const batch of list) yield flat(batch);
}

async function* flatLater(list: ReturnType<BatchWorker['epoch']>): AsyncIterable<Examples> {
  for await (const batch of list) yield flat(batch);
}
