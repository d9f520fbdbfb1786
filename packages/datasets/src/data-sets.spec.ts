import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { type DatasetName, datasets, imageDatasets } from './data-sets.ts';
import type { Dataset } from './dataset.ts';
import { type DatasetSource, optionsFor } from './define-dataset.ts';
import type { ImageDataset } from './images/image-dataset.ts';

const options = { trainCount: 30, testCount: 20, seed: 1 };
const elsewhere: DatasetName[] = ['fashion-mnist', 'cifar10', 'imdb', 'weather'];
const names = (Object.keys(datasets) as DatasetName[]).filter((name) => !elsewhere.includes(name));

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const arrays = { u8: Uint8Array, f32: Float32Array, i32: Int32Array };
const load = (name: DatasetName): Promise<Dataset> => {
  const source = datasets[name] as DatasetSource;
  return source(optionsFor(source.options, options));
};

test.each(names)('%s loads and is consistent', async (name) => {
  const { train, test, ...data } = await load(name);
  expect(data.name.startsWith(name)).toBe(true);
  expect([train.count, test.count]).toEqual([30, 20]);
  for (const { count, inputs, labels, targets } of [train, test]) {
    expect(inputs).toBeInstanceOf(arrays[data.dtype]);
    expect(inputs).toHaveLength(count * sizeOf(data.inputShape));
    expect([labels, targets].filter((answers) => answers !== undefined)).toHaveLength(1);
    if (labels) {
      expect(labels).toHaveLength(count);
      expect(Math.max(...labels)).toBeLessThan(data.classes as number);
    } else expect(targets).toHaveLength(count * sizeOf(data.targetShape as readonly number[]));
  }
});

test.each(names)('%s: what it says of itself is so', async (name) => {
  const { holdsImages, isDrawn, options: rules } = datasets[name];
  const { inputShape, ...data } = await load(name);
  expect(name in imageDatasets).toBe(holdsImages);
  if (holdsImages) {
    const { width, height, channels } = data as unknown as ImageDataset;
    expect(inputShape).toEqual([height, width, channels]);
  }
  expect('seed' in rules).toBe(isDrawn);
  const source = datasets[name] as DatasetSource;
  const again = await source(optionsFor(rules, { ...options, seed: 2 }));
  expect(again.train.inputs.some((x, k) => x !== data.train.inputs[k])).toBe(isDrawn);
});

test.each(Object.keys(datasets) as DatasetName[])('%s refuses misspelt options', async (name) => {
  const source = datasets[name] as DatasetSource;
  const misspelt = source({ trainCounts: 3 } as never);
  await expect(misspelt).rejects.toThrow(`${name}: unknown option trainCounts; did you mean trainCount?`);
  await expect(source({ testCount: -1 } as never)).rejects.toThrow('testCount: a whole number');
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
