import {
  ArgumentError,
  checkOptions,
  type OptionsOf,
  option,
  requireBytes,
  shownValue,
} from '@funhash/hashing';
import { DataFormatError } from '../errors.ts';
import { anyJpegDecoder, isJpeg } from './jpeg.ts';
import { decodePng, pngSize } from './png.ts';
import { isPng } from './png-chunks.ts';
import { resized } from './resized.ts';
import { isWebp, webpDecoder } from './webp.ts';

const operation = 'pictureReader';
const kind = 'pictures';
const mostPixels = 2 ** 24;

const shapeRules = {
  side: option.required(option.integer({ least: 4, most: 512 })),
  channels: option.required(option.oneOf([1, 3])),
};

const readRules = {
  /** What the file is called in errors. Default: the picture. */
  source: option.text(),
  /** Grey level behind transparent pixels, 0 to 255. Default 255. */
  background: option.integer({ least: 0, most: 255 }),
};

/** Options of reading one picture. */
export type ReadPictureOptions = OptionsOf<typeof readRules>;

/** What a model of pictures says of them in its signature. */
export function picturesTransformation(
  shape: OptionsOf<typeof shapeRules>,
): Readonly<Record<'kind' | 'side' | 'channels', string | number>> {
  checkOptions('picturesTransformation', shapeRules, shape);
  return { kind, ...shape };
}

/** Reader of pictures of any size, as a model takes them. */
export interface PictureReader {
  readonly side: number;
  readonly channels: 1 | 3;
  /** Whether bytes begin as a picture does that it reads. */
  reads(bytes: Uint8Array): boolean;
  /**
   * Pixels of a PNG, of a JPEG where `jpeg-js` is installed, or of a WebP where `@jsquash/webp` is, [side, side, channels]: the middle square, scaled.
   *
   * @throws DataFormatError for one that is damaged, larger than 16 megapixels, or of another format
   */
  read(bytes: Uint8Array, options?: ReadPictureOptions): Promise<Uint8Array>;
}

/**
 * Reader of pictures that the signature of a model states.
 *
 * @param transformation from a file, and taken as hostile
 * @returns undefined where the model takes other data
 * @throws ArgumentError where it is damaged
 */
export function pictureReader(
  transformation: Readonly<Record<string, unknown>> | undefined,
): PictureReader | undefined {
  if (transformation?.kind !== kind) return undefined;
  const { side, channels } = transformation;
  if (!shapeRules.side.accepts(side) || !shapeRules.channels.accepts(channels))
    throw new ArgumentError({
      operation,
      expected: 'the side of pictures, and 1 or 3 channels',
      actual: shownValue(transformation),
      remedy: 'The model file is damaged: take a copy.',
    });
  const shape = { side: side as number, channels: channels as 1 | 3 };
  return {
    ...shape,
    reads: (bytes) => isPng(bytes) || isJpeg(bytes) || isWebp(bytes),
    read: async (bytes, options = {}) => {
      requireBytes(operation, 'bytes', bytes);
      checkOptions(operation, readRules, options);
      return resized(await decoded(bytes, shape.channels, options), shape.side, shape.channels);
    },
  };
}

async function decoded(
  bytes: Uint8Array,
  channels: 1 | 3,
  { source = 'the picture', background = 255 }: ReadPictureOptions,
) {
  if (isPng(bytes)) {
    const { width, height } = pngSize(bytes, { source });
    if (width * height > mostPixels)
      throw new DataFormatError(source, 0, {
        operation,
        expected: `at most ${mostPixels} pixels`,
        actual: `${width} × ${height}`,
      });
    return decodePng(bytes, { source, channels, background });
  }
  if (isJpeg(bytes)) return (await anyJpegDecoder(operation))(bytes, source);
  if (isWebp(bytes)) return (await webpDecoder(operation))(bytes, { source, background, mostPixels });
  throw new DataFormatError(source, 0, {
    operation,
    expected: 'a PNG, a JPEG or a WebP',
    actual: 'other bytes',
    remedy: 'Convert it to PNG.',
  });
}
