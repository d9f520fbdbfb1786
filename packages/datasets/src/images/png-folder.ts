import { DataAbsentError, DataFormatError } from '../errors.ts';
import type { GreyImage } from './grey-image.ts';

/** 16 megapixels: pngjs takes 4 bytes for each. */
const maxPixels = 2 ** 24;
const maxFileBytes = 2 ** 26;

/**
 * Reads every `.png` of a folder, in order of name, as grey levels (Rec. 601 luma; transparency is ignored), for the
 * `backgrounds` of `variation`. Node only; needs the npm package `pngjs`.
 *
 * @throws DataAbsentError when the folder has no PNG or `pngjs` is not installed.
 * @throws DataFormatError when a file is damaged or larger than 16 megapixels.
 */
export async function loadPngFolder(dir: string): Promise<GreyImage[]> {
  const { readdir, readFile, stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const { PNG } = await import('pngjs').catch((cause: unknown) => {
    throw new DataAbsentError(
      {
        operation: 'loadPngFolder',
        expected: 'the npm package pngjs',
        actual: 'no such package',
        remedy: 'Install it with `npm i pngjs`.',
      },
      { cause },
    );
  });
  const entries = await readdir(dir).catch((): string[] => []);
  const names = entries.filter((entry) => entry.toLowerCase().endsWith('.png')).sort();
  if (names.length === 0) {
    throw new DataAbsentError({
      operation: 'loadPngFolder',
      expected: `PNG images in ${dir}`,
      actual: 'none',
      remedy: 'Pass a folder with at least 2 photographs.',
    });
  }

  const images: GreyImage[] = [];
  for (const name of names) {
    const path = join(dir, name);
    const { size } = await stat(path);
    const bytes = size <= maxFileBytes ? await readFile(path) : undefined;
    const pixels = bytes && bytes.length >= 24 ? bytes.readUInt32BE(16) * bytes.readUInt32BE(20) : 0;
    if (!bytes || pixels < 1 || pixels > maxPixels) {
      throw new DataFormatError(path, 16, {
        operation: 'loadPngFolder',
        expected: `a PNG header with 1 to ${maxPixels} pixels, a file of at most ${maxFileBytes} bytes`,
        actual: `${pixels} pixels, ${size} bytes`,
      });
    }
    try {
      images.push(toGrey(PNG.sync.read(bytes)));
    } catch (cause) {
      throw new DataFormatError(
        path,
        0,
        { operation: 'loadPngFolder', expected: 'a whole PNG', actual: `"${(cause as Error).message}"` },
        { cause },
      );
    }
  }
  return images;
}

function toGrey({ width, height, data }: { width: number; height: number; data: Uint8Array }): GreyImage {
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3) as unknown as [number, number, number];
    grey[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return { width, height, data: grey };
}
