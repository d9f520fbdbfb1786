import { ArgumentError } from '@funhash/hashing';
import type { RgbPicture } from '../picture.ts';
import { requirePicture } from '../picture.ts';

/** Peak signal to noise ratios of a picture, in decibels; infinite where it is the original. */
export interface Psnr {
  /** That of luma, 0.299 R + 0.587 G + 0.114 B, full range, not rounded. */
  readonly luma: number;
  /** That of red, green and blue together. */
  readonly rgb: number;
}

/**
 * How near a picture is to an original: 10 log₁₀(255² / mean squared error).
 *
 * @throws ArgumentError for pictures of different sizes
 */
export function psnr(picture: RgbPicture, original: RgbPicture): Psnr {
  requireSameSize('psnr', picture, original);
  let [luma, rgb] = [0, 0];
  const [data, wanted] = [picture.data, original.data];
  for (let at = 0; at < data.length; at += 3) {
    const r = (data[at] as number) - (wanted[at] as number);
    const g = (data[at + 1] as number) - (wanted[at + 1] as number);
    const b = (data[at + 2] as number) - (wanted[at + 2] as number);
    luma += (0.299 * r + 0.587 * g + 0.114 * b) ** 2;
    rgb += r * r + g * g + b * b;
  }
  return { luma: decibels(luma / (data.length / 3)), rgb: decibels(rgb / data.length) };
}

/** @throws ArgumentError */
export function requireSameSize(operation: string, a: RgbPicture, b: RgbPicture): void {
  requirePicture(operation, 'picture', a);
  requirePicture(operation, 'original', b);
  if (a.width !== b.width || a.height !== b.height)
    throw new ArgumentError({
      operation,
      expected: `two pictures of ${a.width} × ${a.height}`,
      actual: `${b.width} × ${b.height}`,
    });
}

const decibels = (error: number): number => 10 * Math.log10(255 ** 2 / error);
