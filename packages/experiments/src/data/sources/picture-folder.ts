import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPictureFolder, optionsFor, pictureFolderRules } from '@funhash/datasets';
import type { DataSource } from '../data-source.ts';
import { withTests } from '../split-counts.ts';

const picture = /\.(png|jpe?g|webp)$/i;

/** Pictures in a folder with a sub-folder for each class. */
export const pictureFolder: DataSource = {
  expected: 'a folder with a sub-folder of pictures for each class',
  takes: ['side', 'colour', 'test'],
  has: async ({ name }) => (await hasPictures(name)) || (await hasPictures(join(name, 'train'))),
  load: async ({ name, testCount, ...data }) =>
    withTests(await loadPictureFolder(name, optionsFor(pictureFolderRules, data)), testCount),
};

/** Whether one of the first sub-folders holds a picture. */
async function hasPictures(dir: string): Promise<boolean> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const { name } of entries.filter((entry) => entry.isDirectory()).slice(0, 8))
    if ((await readdir(join(dir, name)).catch(() => [])).some((file) => picture.test(file))) return true;
  return false;
}
