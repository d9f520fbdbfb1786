import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeIdx } from './idx.ts';
import { loadIdxFolder } from './load-idx-folder.ts';

let dir: string;
const write = async (prefix: string, labels: number[]): Promise<void> => {
  const images = {
    dtype: 'u8',
    shape: [labels.length, 2, 2],
    data: new Uint8Array(4 * labels.length),
  } as const;
  await writeFile(join(dir, `${prefix}-images-idx3-ubyte`), encodeIdx(images));
  const bytes = encodeIdx({ dtype: 'u8', shape: [labels.length], data: Uint8Array.from(labels) });
  await writeFile(join(dir, `${prefix}-labels-idx1-ubyte`), bytes);
};
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'idx-'));
  await write('train', [0, 46, 3]);
  await write('t10k', [7]);
});
afterAll(() => rm(dir, { recursive: true }));

test('as many classes as the labels say, those of the test part included', async () => {
  expect(await loadIdxFolder(dir)).toMatchObject({ classes: 47, inputShape: [2, 2, 1] });
  expect(await loadIdxFolder(dir, { classes: 62, name: 'letters' })).toMatchObject({
    classes: 62,
    name: 'letters',
  });
});

test('labels outside and absent files are refused', async () => {
  await expect(loadIdxFolder(dir, { classes: 10 })).rejects.toThrow('labels below 10, got 46');
  await expect(loadIdxFolder(join(dir, 'none'))).rejects.toThrow('Name the four files as those of MNIST');
  await expect(loadIdxFolder(dir, { clases: 3 } as never)).rejects.toThrow('did you mean classes?');
});
