import { bytesOf, checkArgument, option } from '@funhash/hashing';
import type { PicturePlanes } from './jpeg/decode-jpeg.ts';

/** Red, green and blue of each pixel, row by row: `data` is `[height, width, 3]`, transparent pixels on white. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** `[height, width]`, 255 for opaque, 0 for transparent. Absent where all is opaque. */
  readonly alpha?: Uint8Array;
}

/** Whether a value is a width or a height. */
export const isExtent = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

const pictureRule = option.that<RgbPicture>(
  'a picture { width, height, data }, data being bytes of red, green and blue, and alpha, if any, of one byte a pixel',
  (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { width, height, data, alpha } = value as RgbPicture;
    return (
      isExtent(width) &&
      isExtent(height) &&
      bytesOf(data)?.length === 3 * width * height &&
      (alpha === undefined || bytesOf(alpha)?.length === width * height)
    );
  },
);

const planesRule = option.that<PicturePlanes>(
  'the planes of a picture, as decodeJpeg gives them',
  (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { width, height, stride, rows, planes, tables, sampling } = value as PicturePlanes;
    return (
      [width, height, stride, rows].every(isExtent) &&
      width <= stride &&
      height <= rows &&
      [planes, tables, sampling].every(Array.isArray) &&
      (planes.length === 1 || planes.length === 3) &&
      planes.every((plane) => plane instanceof Float32Array && plane.length === stride * rows)
    );
  },
);

/** Refuses what is no picture. @throws ArgumentError */
export function requirePicture(operation: string, name: string, value: unknown): asserts value is RgbPicture {
  checkArgument(operation, name, pictureRule, value);
}

/** Refuses what are no planes of a picture. @throws ArgumentError */
export function requirePlanes(
  operation: string,
  name: string,
  value: unknown,
): asserts value is PicturePlanes {
  checkArgument(operation, name, planesRule, value);
}
