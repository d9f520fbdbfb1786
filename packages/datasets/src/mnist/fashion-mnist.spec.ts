import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DataAbsentError } from '../errors.ts';
import { loadFashionMnist } from './fashion-mnist.ts';

const folder = '/usr/share/datasets/fashion-mnist';
const installed = existsSync(folder);

test.skipIf(!installed)('the files (skipped without the Debian package dataset-fashion-mnist)', async () => {
  const fashion = await loadFashionMnist({ dir: folder });
  expect(fashion.train.labels.slice(0, 10).join('')).toBe('9003027255');
  expect([...fashion.test.labels].filter((label) => label === 3)).toHaveLength(1000);
});

test('absent files say how to get them', async () => {
  const rejected = expect(loadFashionMnist({ dir: '/nowhere' })).rejects;
  await rejected.toThrow(DataAbsentError);
  await rejected.toThrow(/dataset-fashion-mnist/);
});
