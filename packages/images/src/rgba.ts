import { bytesOf, checkArgument, option } from '@funhash/hashing';
import { isExtent, type RgbPicture, requirePicture } from './picture.ts';

/** Pixels as canvases and PNGs have them: `data` is `[height, width, 4]`, alpha last, colours not mixed with what lies behind. */
export interface RgbaPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

const opaque = 255;
/** Transparent pixels lie on white, as in the JPEG. */
const white = 255;

const rgbaRule = option.that<RgbaPicture>(
  'a picture { width, height, data }, data being bytes of red, green, blue and alpha',
  (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { width, height, data } = value as RgbaPicture;
    return isExtent(width) && isExtent(height) && bytesOf(data)?.length === 4 * width * height;
  },
);

/** A picture of pixels with alpha: transparent ones on white, and with alpha where one is not opaque. @throws ArgumentError */
export function fromRgba(picture: RgbaPicture): RgbPicture {
  checkArgument('fromRgba', 'picture', rgbaRule, picture);
  const { width, height, data: given } = picture;
  const data = new Uint8Array(3 * width * height);
  let alpha: Uint8Array | undefined;
  for (let k = 0; k < width * height; k++) {
    const a = given[4 * k + 3] as number;
    if (a < opaque) {
      alpha ??= new Uint8Array(width * height).fill(opaque);
      alpha[k] = a;
    }
    for (let c = 0; c < 3; c++)
      data[3 * k + c] = Math.round(white - ((white - (given[4 * k + c] as number)) * a) / opaque);
  }
  return { width, height, data, ...(alpha && { alpha }) };
}

/**
 * Pixels with alpha of a picture whose transparent pixels lie on white: the colours that give these on white, as near as bytes
 * are. What is wholly transparent is white.
 *
 * @throws ArgumentError
 */
export function toRgba(picture: RgbPicture): RgbaPicture & { readonly data: Uint8ClampedArray<ArrayBuffer> } {
  requirePicture('toRgba', 'picture', picture);
  const { width, height, data: given, alpha } = picture;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let k = 0; k < width * height; k++) {
    const a = alpha ? (alpha[k] as number) : opaque;
    data[4 * k + 3] = a;
    for (let c = 0; c < 3; c++) {
      const value = given[3 * k + c] as number;
      // The array cuts to 0 … 255 and rounds.
      data[4 * k + c] = a === 0 ? white : white - ((white - value) * opaque) / a;
    }
  }
  return { width, height, data };
}
