import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { readBounded, unlessAbsent } from '../bounded-file.ts';
import { DataAbsentError, DataFormatError } from '../errors.ts';
import type { GreyImage } from './grey-image.ts';
import { decodePng, pngSize } from './png.ts';

const operation = 'loadPngFolder';
const maxFileBytes = 2 ** 26;
/** Pixels of all pictures together: 256 MiB. */
const maxPixels = 2 ** 28;

const rules = {
  /** Grey level that shows through transparent pixels. Default 255, white. */
  background: option.integer({ least: 0, most: 255 }),
};

/**
 * Reads every `.png` of a folder, in order of name, as grey levels (Rec. 601 luma), for the `backgrounds` of `variation`.
 * Node only.
 *
 * @throws DataAbsentError when the folder has no PNG.
 * @throws DataFormatError when a file is damaged or larger than 16 megapixels, or all are larger than 268 together;
 * DataFileError for one that cannot be read, such as a link that leads nowhere.
 */
export async function loadPngFolder(
  dir: string,
  options: OptionsOf<typeof rules> = {},
): Promise<GreyImage[]> {
  if (typeof dir !== 'string' || dir === '')
    throw new ArgumentError({ operation, expected: 'the path of a folder', actual: shownValue(dir) });
  checkOptions(operation, rules, options);
  const { background = 255 } = options;
  const { readdir } = nodeModule('node:fs/promises');
  const { join } = nodeModule('node:path');
  const entries = (await unlessAbsent(operation, dir, readdir(dir))) ?? [];
  const names = entries.filter((entry) => entry.toLowerCase().endsWith('.png')).sort();
  const images: GreyImage[] = [];
  let pixels = 0;
  for (const name of names) {
    const source = join(dir, name);
    const bytes = await readBounded(operation, source, maxFileBytes);
    if (!bytes) throw absent(source, 'nothing: a link that leads nowhere, or removed meanwhile');
    const size = pngSize(bytes, { source });
    pixels += size.width * size.height;
    if (pixels > maxPixels)
      throw new DataFormatError(source, 0, {
        operation,
        expected: `at most ${maxPixels} pixels in all pictures of the folder`,
        actual: `${pixels}`,
        remedy: 'Pass fewer or smaller pictures.',
      });
    const { width, height, data } = await decodePng(bytes, { source, background });
    images.push({ width, height, data });
  }
  if (images.length === 0) throw absent(`PNG images in ${dir}`, 'none');
  return images;
}

function absent(expected: string, actual: string): DataAbsentError {
  return new DataAbsentError({
    operation,
    expected,
    actual,
    remedy: 'Pass a folder with at least 2 photographs.',
  });
}
