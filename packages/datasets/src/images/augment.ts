import { ArgumentError, type Random, random } from '@funhash/hashing';
import { type ImageSize, type Pixels, turnBy, type Warp, warpImage } from './warp.ts';

/** What changes in an image each time it is shown. Plain JSON, so that a run's configuration can be saved. */
export interface Augmentation {
  /** Mirror left and right with probability ½. Default false. */
  readonly flip?: boolean;
  /** Turn about the centre by an angle uniform in ± this many degrees, at most 180; bilinear. Default 0. */
  readonly rotation?: number;
  /** Move along both axes by whole pixels, uniform in ± this many. Default 0. */
  readonly shift?: number;
  /**
   * Side of a square that is painted over, its centre uniform over the pixels; parts beyond the border are cut off.
   * Source: DeVries and Taylor 2017, arXiv:1708.04552. Default 0, none.
   */
  readonly cutout?: number;
  /** Value of pixels from outside of the image, and of the square. Default 0. */
  readonly fill?: number;
}

export interface AugmentOptions extends Augmentation, ImageSize {
  /** Place of each image in its data set: with seed and epoch it decides what happens to the image. */
  readonly indices: ArrayLike<number>;
  /** Default 0. */
  readonly seed?: number;
  /** Default 0. */
  readonly epoch?: number;
}

/**
 * Changed copies of a batch of images. What happens to an image is decided by seed, epoch and its index alone: not
 * by the other images of the batch, and by each option without regard to the others.
 *
 * @param images `[n, height, width, channels]`, bytes or floats.
 * @returns of the same type and length.
 * @throws ArgumentError when sizes do not fit each other, or an option is out of range.
 */
export function augment<T extends Pixels>(images: T, options: AugmentOptions): T {
  const { height, width, channels, indices, seed = 0, epoch = 0 } = options;
  checkAugmentation(options);
  const elements = height * width * channels;
  if (images.length !== indices.length * elements)
    throw new ArgumentError({
      operation: 'augment',
      expected: `${indices.length} images of ${height} × ${width} × ${channels}`,
      actual: `${images.length} values`,
    });
  const result = images.slice() as T;
  const draws = random(seed).fork('augment').fork(epoch);
  for (let k = 0; k < indices.length; k++) {
    const warp = drawWarp(draws.fork(indices[k] as number), options);
    const [start, end] = [k * elements, (k + 1) * elements];
    warpImage(images.subarray(start, end), result.subarray(start, end), options, warp);
  }
  return result;
}

/** @throws ArgumentError for an option out of range. */
export function checkAugmentation({ rotation = 0, shift = 0, cutout = 0, fill = 0 }: Augmentation): void {
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 0;
  if (!(rotation >= 0 && rotation <= 180) || !whole(shift) || !whole(cutout) || !Number.isFinite(fill))
    throw new ArgumentError({
      operation: 'augment',
      expected: 'a rotation in 0 … 180, whole shift and cutout of at least 0, and a finite fill',
      actual: `rotation ${rotation}, shift ${shift}, cutout ${cutout}, fill ${fill}`,
    });
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
