import { ArgumentError, random } from '@funhash/hashing';
import { imageElements, type Split } from './image-dataset.ts';

/** How pixels become floats: (pixel / 255 - mean) / std. */
export interface Scaling {
  /** Of pixels scaled to 0–1. Default 0. */
  readonly mean?: number;
  /** Default 1. */
  readonly std?: number;
}

export interface BatchOptions extends Scaling {
  readonly batchSize: number;
  /** Default true. Without it images come in their order. */
  readonly shuffle?: boolean;
  /** Decides the order together with `epoch`. Default 0. */
  readonly seed?: number;
  /** Each epoch has an order of its own. Default 0. */
  readonly epoch?: number;
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
}

export interface Batch {
  /** `[n, height · width · channels]`. */
  readonly images: Float32Array;
  /** `[n]`. */
  readonly labels: Int32Array;
  /** Place of each image in the split, `[n]`. */
  readonly indices: Uint32Array;
}

/**
 * One epoch over a split, in batches. Equal options give equal batches, also when iterated again. Arrays are fresh
 * for each batch, so they may be kept or handed to a worker.
 *
 * @throws ArgumentError when batchSize is not a whole number ≥ 1 or std is not positive.
 */
export function batches(split: Split, options: BatchOptions): Iterable<Batch> {
  const { batchSize, shuffle = true, seed = 0, epoch = 0, dropLast = false } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ArgumentError({
      operation: 'batches',
      expected: 'a whole batchSize of at least 1',
      actual: String(batchSize),
    });
  }
  const scale = scaleTable(options);
  const elements = imageElements(split);
  const order = shuffle
    ? random(seed).fork('epoch').fork(epoch).permutation(split.count)
    : Uint32Array.from({ length: split.count }, (_, i) => i);
  const end = dropLast ? split.count - (split.count % batchSize) : split.count;
  return {
    *[Symbol.iterator]() {
      for (let start = 0; start < end; start += batchSize) {
        const indices = order.slice(start, Math.min(end, start + batchSize));
        const images = new Float32Array(indices.length * elements);
        const labels = new Int32Array(indices.length);
        indices.forEach((from, i) => {
          for (let k = 0; k < elements; k++) {
            images[i * elements + k] = scale[split.images[from * elements + k] as number] as number;
          }
          labels[i] = split.labels[from] as number;
        });
        yield { images, labels, indices };
      }
    },
  };
}

/** Pixels as floats, 0–1 or normalised; same shape. */
export function toFloats(images: Uint8Array, scaling: Scaling = {}): Float32Array {
  const scale = scaleTable(scaling);
  return Float32Array.from(images, (pixel) => scale[pixel] as number);
}

function scaleTable({ mean = 0, std = 1 }: Scaling): Float32Array {
  if (!Number.isFinite(mean) || !(std > 0 && std < Infinity)) {
    throw new ArgumentError({
      operation: 'scaling',
      expected: 'a finite mean and a positive std',
      actual: `${mean} and ${std}`,
    });
  }
  return Float32Array.from({ length: 256 }, (_, pixel) => (pixel / 255 - mean) / std);
}
