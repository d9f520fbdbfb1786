import { ArgumentError } from '@funhash/hashing';
import type { RgbPicture } from '../picture.ts';
import { requireSameSize } from './psnr.ts';

/** Exponents of the scales, from the finest. */
const weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;
const windowSize = 11;
const deviation = 1.5;
const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];

interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/**
 * Multi-scale structural similarity of luma, up to 1: five scales, windows of 11 × 11 within the picture, Gaussian with σ 1.5,
 * means of 2 × 2 pixels from scale to scale.
 *
 * Source: Wang, Simoncelli, Bovik 2003, "Multiscale structural similarity for image quality assessment".
 *
 * @throws ArgumentError for pictures of different sizes, or with less than 176 pixels across or down
 */
export function msSsim(picture: RgbPicture, original: RgbPicture): number {
  requireSameSize('msSsim', picture, original);
  const least = windowSize * 2 ** (weights.length - 1);
  if (Math.min(picture.width, picture.height) < least)
    throw new ArgumentError({
      operation: 'msSsim',
      expected: `at least ${least} × ${least} pixels`,
      actual: `${picture.width} × ${picture.height}`,
    });
  let [x, y] = [lumaOf(picture), lumaOf(original)];
  let product = 1;
  for (const [scale, weight] of weights.entries()) {
    if (scale > 0) [x, y] = [halved(x), halved(y)];
    const { luminance, contrast } = similarity(x, y);
    const value = scale === weights.length - 1 ? luminance : contrast;
    // Negative structure has no power; it is as unlike as can be.
    product *= Math.max(0, value) ** weight;
  }
  return product;
}

function lumaOf({ width, height, data: rgb }: RgbPicture): Grey {
  const data = new Float64Array(width * height);
  for (let k = 0; k < data.length; k++)
    data[k] =
      0.299 * (rgb[3 * k] as number) +
      0.587 * (rgb[3 * k + 1] as number) +
      0.114 * (rgb[3 * k + 2] as number);
  return { width, height, data };
}

function halved({ width, height, data }: Grey): Grey {
  const [across, down] = [width >> 1, height >> 1];
  const result = new Float64Array(across * down);
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++) {
      const at = 2 * y * width + 2 * x;
      result[y * across + x] =
        ((data[at] as number) +
          (data[at + 1] as number) +
          (data[at + width] as number) +
          (data[at + width + 1] as number)) /
        4;
    }
  return { width: across, height: down, data: result };
}

/** Means over all windows of SSIM, and of its part without luminance. */
function similarity(x: Grey, y: Grey): { readonly luminance: number; readonly contrast: number } {
  const [a, b] = [blurred(x), blurred(y)];
  const [aa, bb, ab] = [blurred(times(x, x)), blurred(times(y, y)), blurred(times(x, y))];
  let [all, structure] = [0, 0];
  for (let k = 0; k < a.length; k++) {
    const [p, q] = [a[k] as number, b[k] as number];
    const contrast =
      (2 * ((ab[k] as number) - p * q) + c2) / ((aa[k] as number) - p * p + (bb[k] as number) - q * q + c2);
    structure += contrast;
    all += (contrast * (2 * p * q + c1)) / (p * p + q * q + c1);
  }
  return { luminance: all / a.length, contrast: structure / a.length };
}

const times = ({ width, height, data }: Grey, { data: other }: Grey): Grey => ({
  width,
  height,
  data: data.map((x, k) => x * (other[k] as number)),
});

const window = ((): Float64Array => {
  const half = (windowSize - 1) / 2;
  const values = Float64Array.from({ length: windowSize }, (_, k) =>
    Math.exp(-((k - half) ** 2) / (2 * deviation ** 2)),
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
})();

/** Weighted means of windows that lie within. */
function blurred({ width, height, data }: Grey): Float64Array {
  const [across, down] = [width - windowSize + 1, height - windowSize + 1];
  const rows = new Float64Array(across * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < across; x++) {
      let sum = 0;
      for (let k = 0; k < windowSize; k++) sum += (window[k] as number) * (data[y * width + x + k] as number);
      rows[y * across + x] = sum;
    }
  const result = new Float64Array(across * down);
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++) {
      let sum = 0;
      for (let k = 0; k < windowSize; k++)
        sum += (window[k] as number) * (rows[(y + k) * across + x] as number);
      result[y * across + x] = sum;
    }
  return result;
}
