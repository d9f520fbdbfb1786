import { ArgumentError, checkArgument, option, requireBytes } from '@funhash/hashing';
import { type RgbPicture, requirePicture } from '../picture.ts';
import { begins, markers, segmentsOf, withSegments } from './segments.ts';

/** What a JPEG says of its picture beside the pixels. */
export interface JpegMetadata {
  /** How to turn pixels to see them upright, as EXIF has it: 1 (they are) to 8. */
  readonly orientation: number;
  /** Segments of EXIF and of ICC profiles, whole, with the orientation set to 1. */
  readonly segments: readonly Uint8Array[];
}

const [exif, icc] = ['Exif\0\0', 'ICC_PROFILE\0'];
const orientationTag = 0x0112;

/**
 * Metadata of a JPEG: how its pixels are turned, and the segments that another file of the same picture should have, too.
 *
 * @throws PictureError for bytes that are no JPEG; damaged EXIF counts as none
 */
export function jpegMetadata(jpeg: Uint8Array): JpegMetadata {
  const bytes = requireBytes('jpegMetadata', 'jpeg', jpeg);
  const segments: Uint8Array[] = [];
  let orientation = 1;
  for (const { marker, at, body, end } of segmentsOf(bytes)) {
    const isExif = marker === markers.application + 1 && begins(body, exif as string);
    if (!isExif && !(marker === markers.application + 2 && begins(body, icc as string))) continue;
    const segment = bytes.slice(at, end);
    segments.push(segment);
    if (!isExif) continue;
    const place = placeOfOrientation(body.subarray(6));
    if (!place) continue;
    const view = new DataView(segment.buffer, end - at - body.length + 6);
    const found = view.getUint16(place.at, place.isLittle);
    if (found >= 1 && found <= 8) orientation = found;
    view.setUint16(place.at, 1, place.isLittle);
  }
  return { orientation, segments };
}

/** Place of the orientation in the first directory of a TIFF (EXIF 2.3, section 4.6). */
function placeOfOrientation(tiff: Uint8Array): { at: number; isLittle: boolean } | undefined {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return undefined;
  const isLittle = view.getUint16(0) === 0x4949;
  if ((!isLittle && view.getUint16(0) !== 0x4d4d) || view.getUint16(2, isLittle) !== 42) return undefined;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > tiff.length) return undefined;
  const entries = view.getUint16(directory, isLittle);
  for (let k = 0; k < entries; k++) {
    const entry = directory + 2 + 12 * k;
    if (entry + 12 > tiff.length) return undefined;
    // Type 3, SHORT, stands in the first two of its four bytes.
    if (view.getUint16(entry, isLittle) === orientationTag && view.getUint16(entry + 2, isLittle) === 3)
      return { at: entry + 8, isLittle };
  }
  return undefined;
}

const segmentsRule = option.that<readonly Uint8Array[]>(
  'segments as jpegMetadata gives them',
  (value) => Array.isArray(value) && Array.from(value).every((each) => each instanceof Uint8Array),
);

/**
 * A JPEG with segments of metadata put behind its start, or behind that of JFIF.
 *
 * @param segments of `jpegMetadata`
 * @throws PictureError for bytes that are no JPEG
 */
export function withMetadata(jpeg: Uint8Array, segments: readonly Uint8Array[]): Uint8Array {
  checkArgument('withMetadata', 'segments', segmentsRule, segments);
  return withSegments(requireBytes('withMetadata', 'jpeg', jpeg), segments);
}

/**
 * A picture turned and mirrored so that it is upright, its alpha as well.
 *
 * @param orientation as EXIF has it, 1 to 8: `jpegMetadata(bytes).orientation`
 */
export function upright(picture: RgbPicture, orientation: number): RgbPicture {
  requirePicture('upright', 'picture', picture);
  if (!Number.isInteger(orientation) || orientation < 1 || orientation > 8)
    throw new ArgumentError({
      operation: 'upright',
      expected: 'an orientation from 1 to 8',
      actual: String(orientation),
    });
  const { width: across, height: down, data, alpha } = picture;
  const isOnSide = orientation > 4;
  const [width, height] = isOnSide ? [down, across] : [across, down];
  const out = new Uint8Array(data.length);
  const outAlpha = alpha && new Uint8Array(alpha.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [along, up] = isOnSide ? [y, x] : [x, y];
      const col = [2, 3, 7, 8].includes(orientation) ? across - 1 - along : along;
      const row = [3, 4, 6, 7].includes(orientation) ? down - 1 - up : up;
      const [to, from] = [y * width + x, row * across + col];
      for (let c = 0; c < 3; c++) out[3 * to + c] = data[3 * from + c] as number;
      if (outAlpha) outAlpha[to] = alpha[from] as number;
    }
  return { width, height, data: out, ...(outAlpha && { alpha: outAlpha }) };
}
