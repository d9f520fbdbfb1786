import { importOptional } from '#here';
import { DataAbsentError, DataFormatError } from '../errors.ts';

export interface JpegSize {
  readonly width: number;
  readonly height: number;
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
  const { decode } = await (importOptional('jpeg-js') as Promise<typeof import('jpeg-js')>).catch(
    (cause: unknown) => {
      throw new DataAbsentError(
        {
          operation,
          expected: 'the npm package jpeg-js',
          actual: 'no such package',
          remedy: 'Install it with `npm i jpeg-js`.',
        },
        { cause },
      );
    },
  );
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
