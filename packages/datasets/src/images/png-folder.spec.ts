import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataAbsentError, DataFormatError } from '../errors.ts';
import { loadPngFolder } from './png-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'png-'));
});
afterEach(() => rm(dir, { recursive: true }));

const encode = (width: number, height: number, rgba: number[]) => {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba);
  return PNG.sync.write(png);
};

test('reads the PNG files of a folder by name, as luma', async () => {
  await writeFile(join(dir, 'b.PNG'), encode(1, 1, [255, 255, 255, 255]));
  await writeFile(join(dir, 'a.png'), encode(3, 1, [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]));
  await writeFile(join(dir, 'notes.txt'), 'no image');
  expect(await loadPngFolder(dir)).toEqual([
    { width: 3, height: 1, data: Uint8Array.of(76, 150, 29) },
    { width: 1, height: 1, data: Uint8Array.of(255) },
  ]);
});

test('refuses damaged files and giant headers before decoding', async () => {
  const good = encode(2, 2, new Array(16).fill(99));
  const giant = Buffer.from(good);
  giant.writeUInt32BE(2 ** 31 - 1, 16);
  for (const [bytes, message] of [
    [good.subarray(0, good.length - 20), /a whole PNG.*x\.png/],
    [giant, /a PNG header.*x\.png/],
    [Buffer.from('PNG?'), /a PNG header.*x\.png/],
    [Buffer.alloc(100, 1), /x\.png/],
  ] as const) {
    await writeFile(join(dir, 'x.png'), bytes);
    const rejected = expect(loadPngFolder(dir)).rejects;
    await rejected.toThrow(DataFormatError);
    await rejected.toThrow(message);
  }
});

test('an empty or absent folder says so', async () => {
  await expect(loadPngFolder(dir)).rejects.toThrow(DataAbsentError);
  await expect(loadPngFolder(join(dir, 'nowhere'))).rejects.toThrow(DataAbsentError);
});
