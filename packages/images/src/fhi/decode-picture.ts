import { BitstreamError, baseFingerprint } from '@funhash/codec/update';
import { checkOptions, type OptionsOf } from '@funhash/hashing';
import type { Module } from '@funhash/layers';
import { toRgb } from '../colour.ts';
import { decodeJpeg, decodeJpegRules } from '../jpeg/decode-jpeg.ts';
import { PictureError } from '../jpeg/jpeg-error.ts';
import { restorePlanes } from '../net/restore.ts';
import type { RgbPicture } from '../picture.ts';
import { alphaIn } from './alpha.ts';
import { updated } from './channels.ts';
import { setValues, valuesOf } from './net-values.ts';
import { enhancementIn, type PictureMode } from './segment.ts';

export const decodePictureRules = { maxPixels: decodeJpegRules.maxPixels } as const;

/** Limits of `decodePicture`. */
export type DecodePictureOptions = OptionsOf<typeof decodePictureRules>;

export interface DecodedPicture extends RgbPicture {
  /** What was done: `off` for plain JPEGs, and where the encoder found that the network does not pay. */
  readonly mode: PictureMode;
}

/**
 * Decodes a picture file (.fhi), or a plain JPEG: the base network, with the update that travels in the file, improves it. Where the
 * file has transparency, so has the picture.
 *
 * @param base the network that the encoder had; it is as before when this returns
 * @throws PictureError for bytes that are no such picture, are damaged, or are for another base: `decodeJpeg` still gives the
 *   JPEG without the network
 */
export function decodePicture(
  bytes: Uint8Array,
  base: Module,
  options: DecodePictureOptions = {},
): DecodedPicture {
  checkOptions('decodePicture', decodePictureRules, options);
  const decoded = decodeJpeg(bytes, options);
  const { mode, base: fingerprint, update } = enhancementIn(bytes) ?? { mode: 'off' };
  const alpha = alphaIn(bytes, decoded);
  const found = (): DecodedPicture => ({ ...toRgb(decoded), ...(alpha && { alpha }), mode });
  if (mode === 'off') return found();
  const values = valuesOf(base);
  if (mode === 'base') {
    const own = baseFingerprint(values);
    if (own !== fingerprint)
      throw new PictureError({
        operation: 'decodePicture',
        expected: `the base with fingerprint ${fingerprint?.toString(16)}`,
        actual: `another, with ${own.toString(16)}`,
      });
    restorePlanes(decoded, base);
    return found();
  }
  try {
    setValues(base, updated(values, mode, update as Uint8Array));
    restorePlanes(decoded, base);
    return found();
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    throw new PictureError({ ...error.details, operation: 'decodePicture' }, { cause: error });
  } finally {
    setValues(base, values);
  }
}
