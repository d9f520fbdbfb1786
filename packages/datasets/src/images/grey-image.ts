/**
 * Grey images as backgrounds: checked, generated, cut into patches.
 */
import { ArgumentError, type Random } from '@funhash/hashing';
import { side } from './image-side.ts';

/** Grey levels 0–255, row by row: `data` is `[height, width]`. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A patch whose grey levels deviate less than this (standard deviation) counts as having no texture. */
const minDeviation = 16;
const maxTries = 1000;

/**
 * An endless source of 28 × 28 patches at uniform places of uniformly drawn `images`. Patches with little texture
 * are skipped.
 *
 * @throws ArgumentError when an image is smaller than a patch or misses pixels; while drawing, when 1000 patches
 * in a row have no texture.
 */
export function patchSource(images: readonly GreyImage[], random: Random): () => Uint8Array {
  for (const { width, height, data } of images) {
    if (width < side || height < side || data.length !== width * height) {
      throw new ArgumentError({
        operation: 'variation',
        expected: `backgrounds of at least ${side} × ${side} with width × height grey levels`,
        actual: `${width} × ${height} with ${data.length}`,
      });
    }
  }
  return () => {
    for (let attempt = 0; attempt < maxTries; attempt++) {
      const image = images[random.integer(images.length)] as GreyImage;
      const left = random.integer(image.width - side + 1);
      const top = random.integer(image.height - side + 1);
      const patch = new Uint8Array(side * side);
      for (let y = 0; y < side; y++) {
        const start = (top + y) * image.width + left;
        patch.set(image.data.subarray(start, start + side), y * side);
      }
      if (deviation(patch) >= minDeviation) return patch;
    }
    throw new ArgumentError({
      operation: 'variation',
      expected: `backgrounds with texture (standard deviation of a patch at least ${minDeviation})`,
      actual: `${maxTries} patches in a row without`,
      remedy: 'Pass photographs with more detail.',
    });
  };
}

function deviation(pixels: Uint8Array): number {
  let sum = 0;
  let squares = 0;
  for (const pixel of pixels) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const mean = sum / pixels.length;
  return Math.sqrt(Math.max(0, squares / pixels.length - mean * mean));
}

/**
 * Deals images out to train and test, so that no image gives patches to both.
 *
 * @throws ArgumentError with fewer than 2 images.
 */
export function dealImages(
  images: readonly GreyImage[],
  random: Random,
): { train: GreyImage[]; test: GreyImage[] } {
  if (images.length < 2) {
    throw new ArgumentError({
      operation: 'variation',
      expected: 'at least 2 backgrounds, as train and test share none',
      actual: String(images.length),
    });
  }
  const order = Array.from(random.permutation(images.length), (i) => images[i] as GreyImage);
  const half = Math.ceil(images.length / 2);
  return { train: order.slice(0, half), test: order.slice(half) };
}

/**
 * Dead leaves: opaque discs of random grey and place cover each other, radii with density ∝ r^-3 between 2 and 96.
 * Such images have the edges, occlusions and roughly 1/f amplitude spectrum of photographs. Greys are means of four
 * uniform levels, which gives patches the contrast of photographs (median standard deviation 33; Kodak's 30).
 * Source: Lee, Mumford, Huang, "Occlusion models for natural images", IJCV 41 (2001).
 *
 * @returns a `size` × `size` image.
 */
export function deadLeaves(size: number, random: Random): GreyImage {
  const minRadius = 2;
  const maxRadius = 96;
  const data = new Uint8Array(size * size);
  const covered = new Uint8Array(size * size);
  let open = size * size;
  // Front to back: a disc shows only where nothing lies yet, which ends as soon as all is covered.
  while (open > 0) {
    const u = random.uniform();
    const r = 1 / Math.sqrt((1 - u) / minRadius ** 2 + u / maxRadius ** 2);
    const cx = random.uniform() * (size + 2 * r) - r;
    const cy = random.uniform() * (size + 2 * r) - r;
    const grey = (random.integer(256) + random.integer(256) + random.integer(256) + random.integer(256)) >> 2;
    const bottom = Math.min(size - 1, Math.floor(cy + r));
    for (let y = Math.max(0, Math.ceil(cy - r)); y <= bottom; y++) {
      const half = Math.sqrt(r * r - (y - cy) ** 2);
      const right = Math.min(size - 1, Math.floor(cx + half));
      for (let x = Math.max(0, Math.ceil(cx - half)); x <= right; x++) {
        const at = y * size + x;
        if (covered[at]) continue;
        covered[at] = 1;
        data[at] = grey;
        open--;
      }
    }
  }
  return { width: size, height: size, data };
}

/** What lies behind the digits or rectangles: each call gives the next 28 × 28 pixels. */
export interface Backgrounds {
  readonly train: () => Uint8Array;
  readonly test: () => Uint8Array;
  /** Origin of the pixels in words, for the data set's description. */
  readonly origin: string;
}

/** Patches for train and for test, from the caller's images or, by default, from 20 generated ones. */
export function backgroundPatches(images: readonly GreyImage[] | undefined, random: Random): Backgrounds {
  const generated = Array.from({ length: images ? 0 : 20 }, (_, i) => deadLeaves(256, random.fork(i)));
  const dealt = dealImages(images ?? generated, random.fork('deal'));
  return {
    train: patchSource(dealt.train, random.fork('train')),
    test: patchSource(dealt.test, random.fork('test')),
    origin: images ? `${images.length} given images` : '20 generated images (dead leaves), not photographs',
  };
}
