import { readdir } from 'node:fs/promises';
import { loadIdxFolder } from '@funhash/datasets';
import type { DataSource } from '../data-source.ts';
import { withTests } from '../split-counts.ts';

/** The four IDX files of a set such as MNIST, in a folder. */
export const idxFolder: DataSource = {
  expected: 'a folder with the four IDX files of such a set',
  takes: [],
  has: async ({ name }) =>
    (await readdir(name).catch(() => [])).some((file) => /-idx\d-ubyte(\.gz)?$/.test(file)),
  load: async ({ name, testCount }) => withTests(await loadIdxFolder(name), testCount),
};
