import { readdir } from 'node:fs/promises';
import { loadIdxFolder, subset } from '@funhash/datasets';
import type { DataSource } from '../data-source.ts';

/** The four IDX files of a set such as MNIST, in a folder. */
export const idxFolder: DataSource = {
  expected: 'a folder with the four IDX files of such a set',
  takes: [],
  has: async ({ name }) =>
    (await readdir(name).catch(() => [])).some((file) => /-idx\d-ubyte(\.gz)?$/.test(file)),
  load: async ({ name, testCount }) => {
    const found = await loadIdxFolder(name);
    const test =
      testCount === undefined ? found.test : subset(found.test, Math.min(testCount, found.test.count));
    return { ...found, test };
  },
};
