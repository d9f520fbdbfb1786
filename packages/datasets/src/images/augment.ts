import {
  ArgumentError,
  bytesOf,
  checkOptions,
  type OptionsOf,
  option,
  type Random,
  random,
  shownValue,
} from '@funhash/hashing';
import { seedRule } from '../define-dataset.ts';
import { type Pixels, turnBy, type Warp, warpImage } from './warp.ts';

export const augmentationRules = {
  /** Mirror left and right with probability ½. Default false. */
  flip: option.flag(),
  /** Turn about the centre by an angle uniform in ± this many degrees, at most 180; bilinear. Default 0. */
  rotation: option.real({ least: 0, most: 180 }),
  /** Move along both axes by whole pixels, uniform in ± this many. Default 0. */
  shift: option.integer(),
  /**
   * Side of a square that is painted over, its centre uniform over the pixels; parts beyond the border are cut off.
   * Source: DeVries and Taylor 2017, arXiv:1708.04552. Default 0, none.
   */
  cutout: option.integer(),
  /** Value of pixels from outside of the image, and of the square. Default 0. */
  fill: option.real(),
};

/** What changes in an image each time it is shown. Plain JSON, so that a run's configuration can be saved. */
export type Augmentation = OptionsOf<typeof augmentationRules>;

const rules = {
  ...augmentationRules,
  height: option.required(option.count()),
  width: option.required(option.count()),
  channels: option.required(option.count()),
  /** Place of each image in its data set: with seed and epoch it decides what happens to the image. */
  indices: option.required(
    option.that<ArrayLike<number>>(
      'a list of whole numbers ≥ 0',
      (value) =>
        (Array.isArray(value) || ArrayBuffer.isView(value)) &&
        Array.prototype.every.call(value, (place) => Number.isSafeInteger(place) && place >= 0),
    ),
  ),
  /** Decides the changes, together with epoch and place. Default 0. */
  seed: seedRule(),
  /** Number of the pass over the data: each has changes of its own. Default 0. */
  epoch: seedRule(),
};

export type AugmentOptions = OptionsOf<typeof rules>;

/**
 * Changed copies of a batch of images. What happens to an image is decided by seed, epoch and its index alone: not
 * by the other images of the batch, and by each option without regard to the others.
 *
 * @param images `[n, height, width, channels]`, bytes or floats.
 * @returns of the same type and length.
 * @throws ArgumentError when sizes do not fit each other, or an option is out of range.
 */
export function augment<T extends Pixels>(images: T, options: AugmentOptions): T {
  checkOptions('augment', rules, options);
  const { height, width, channels, indices, seed = 0, epoch = 0 } = options;
  if (!(images instanceof Float32Array) && !bytesOf(images))
    throw new ArgumentError({
      operation: 'augment',
      expected: 'images as bytes or a Float32Array',
      actual: shownValue(images),
    });
  const elements = height * width * channels;
  if (images.length !== indices.length * elements)
    throw new ArgumentError({
      operation: 'augment',
      expected: `${indices.length} images of ${height} × ${width} × ${channels}`,
      actual: `${images.length} values`,
    });
  // Of a Buffer, `slice` of its own would be the same memory.
  const result = Uint8Array.prototype.slice.call(images) as unknown as typeof images;
  const draws = random(seed).fork('augment').fork(epoch);
  for (let k = 0; k < indices.length; k++) {
    const warp = drawWarp(draws.fork(indices[k] as number), options);
    const [start, end] = [k * elements, (k + 1) * elements];
    warpImage(images.subarray(start, end), result.subarray(start, end), options, warp);
  }
  return result;
}

/** Draws the same numbers whatever the options: one option does not change what another one does. */
function drawWarp(draws: Random, options: AugmentOptions): Warp {
  const { flip = false, rotation = 0, shift = 0, cutout = 0, fill = 0, width, height } = options;
  const mirror = draws.uniform();
  const angle = (2 * draws.uniform() - 1) * rotation;
  const right = draws.uniform();
  const down = draws.uniform();
  const x = draws.uniform();
  const y = draws.uniform();
  const shiftBy = (uniform: number): number => Math.floor(uniform * (2 * shift + 1)) - shift;
  return {
    flip: flip && mirror < 0.5,
    turn: rotation === 0 ? [1, 0] : turnBy(angle),
    move: [shiftBy(right), shiftBy(down)],
    cutout: { x: Math.floor(x * width), y: Math.floor(y * height), side: cutout },
    fill,
  };
}
