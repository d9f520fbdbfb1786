import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { type DatasetName, datasets } from './data-sets.ts';

const options = { trainCount: 30, testCount: 20, seed: 1 };
const elsewhere: DatasetName[] = ['fashion-mnist', 'cifar10'];
const names = (Object.keys(datasets) as DatasetName[]).filter((name) => !elsewhere.includes(name));

test.each(names)('%s loads and is consistent', async (name) => {
  const { train, test, classes, width, height, channels, name: shown } = await datasets[name](options);
  expect(shown.startsWith(name)).toBe(true);
  expect([train.count, test.count]).toEqual([30, 20]);
  for (const { count, inputs: images, labels } of [train, test]) {
    expect(images).toHaveLength(count * width * height * channels);
    expect(labels).toHaveLength(count);
    expect(Math.max(...labels)).toBeLessThan(classes);
  }
});

test('mnist keeps its order when cut', async () => {
  expect((await datasets.mnist({ trainCount: 10 })).train.labels.join('')).toBe('5041921314');
});

test('backgrounds come from a folder', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'backgrounds-'));
  for (const file of ['a.png', 'b.png']) {
    const png = new PNG({ width: 30, height: 30 });
    png.data = Buffer.from(Array.from({ length: 3600 }, (_, i) => i % 251));
    await writeFile(join(dir, file), PNG.sync.write(png));
  }
  const { name, description } = await datasets['bg-img']({ ...options, backgroundsDir: dir });
  expect(name).toBe('bg-img');
  expect(description).toContain('2 given images');
  await rm(dir, { recursive: true });
});
