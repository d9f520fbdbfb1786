import { requireBytes } from '@funhash/hashing';
import { importOptional } from '#here';
import { DataAbsentError, DataFormatError } from '../errors.ts';

export interface JpegSize {
  readonly width: number;
  readonly height: number;
}

/** Pixels of a picture of any size, [height, width, 3]. */
export interface JpegPixels extends JpegSize {
  readonly data: Uint8Array;
}

/** Whether bytes begin as a JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  const [first, second] = requireBytes('isJpeg', 'bytes', bytes);
  return first === 0xff && second === 0xd8;
}

/** Megapixels and megabytes of memory that a picture of one's own may take. */
const mostOfOwn = { maxResolutionInMP: 16.8, maxMemoryUsageInMB: 512 };

/**
 * A decoder of colour images of any size up to 16 megapixels, by the npm package `jpeg-js`.
 *
 * @throws DataAbsentError when `jpeg-js` is not installed; the decoder throws DataFormatError for a damaged file
 */
export async function anyJpegDecoder(
  operation: string,
): Promise<(bytes: Uint8Array, source: string) => JpegPixels> {
  const { decode } = await jpegJs(operation);
  return (bytes, source) => {
    try {
      return decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...mostOfOwn });
    } catch (cause) {
      const actual = `"${(cause as Error).message}"`;
      const expected = 'a whole JPEG of at most 16.8 megapixels';
      throw new DataFormatError(source, 0, { operation, expected, actual }, { cause });
    }
  };
}

/** The pixels of a JPEG file as `[height, width, 3]`. */
export type JpegDecoder = (bytes: Uint8Array, source: string, byteOffset: number) => Uint8Array;

/** Memory that one image may take: far more than a small photograph needs. */
const maxMegabytes = 16;

/**
 * A decoder of colour images of one size, by the npm package `jpeg-js`.
 *
 * @throws DataAbsentError when `jpeg-js` is not installed; the decoder throws DataFormatError for a damaged file or
 * one of another size.
 */
export async function jpegDecoder(operation: string, { width, height }: JpegSize): Promise<JpegDecoder> {
  const { decode } = await jpegJs(operation);
  const limits = {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: (width * height + 1) / 1e6,
    maxMemoryUsageInMB: maxMegabytes,
  } as const;
  return (bytes, source, byteOffset) => {
    const refuse = (actual: string, cause?: unknown): never => {
      throw new DataFormatError(
        source,
        byteOffset,
        { operation, expected: `a whole colour JPEG of ${width} × ${height}`, actual },
        { cause },
      );
    };
    const image = (() => {
      try {
        return decode(bytes, limits);
      } catch (cause) {
        return refuse(`"${(cause as Error).message}"`, cause);
      }
    })();
    if (image.width !== width || image.height !== height || image.data.length !== width * height * 3)
      refuse(`${image.width} × ${image.height} with ${image.data.length} values`);
    return image.data;
  };
}

function jpegJs(operation: string): Promise<typeof import('jpeg-js')> {
  return (importOptional('jpeg-js') as Promise<typeof import('jpeg-js')>).catch((cause: unknown) => {
    throw new DataAbsentError(
      {
        operation,
        expected: 'the npm package jpeg-js',
        actual: 'no such package',
        remedy: 'Install it with `npm i jpeg-js`.',
      },
      { cause },
    );
  });
}
