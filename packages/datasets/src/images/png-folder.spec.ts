import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataAbsentError, DataFileError, DataFormatError } from '../errors.ts';
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
    [good.subarray(0, good.length - 20), /end of the file.*x\.png/],
    [giant, /checksum of the chunk IHDR.*x\.png/],
    [Buffer.from('PNG?'), /signature of PNG.*x\.png/],
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

test('what has the name of a picture and is none gives a typed error with its path', async () => {
  const path = join(dir, 'a.png');
  const refused = async (kind: typeof DataFileError | typeof DataAbsentError, message: RegExp) => {
    const error = await loadPngFolder(dir).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(path);
    await rm(path, { recursive: true });
  };
  await mkdir(path);
  await refused(DataFileError, /got a folder/);
  await symlink(join(dir, 'nowhere'), path);
  await refused(DataAbsentError, /a link that leads nowhere/);
  await symlink(path, path);
  await refused(DataFileError, /ELOOP.*in a circle/);
  if (process.platform === 'win32') return;
  // Nobody writes into it: opening it would wait for ever.
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  await refused(DataFileError, /a pipe or a device/);
  await symlink('/dev/zero', path);
  await refused(DataFileError, /a pipe or a device/);
});

test('the folder and the options are checked', async () => {
  await expect(loadPngFolder(42 as unknown as string)).rejects.toThrow('the path of a folder, got 42');
  await expect(loadPngFolder(dir, { background: 256 })).rejects.toThrow(
    'background: a whole number from 0 to 255',
  );
});

test('transparent pixels are white, or what is asked for', async () => {
  await writeFile(join(dir, 'a.png'), encode(2, 1, [0, 0, 0, 0, 0, 0, 0, 255]));
  expect((await loadPngFolder(dir))[0]?.data).toEqual(Uint8Array.of(255, 0));
  expect((await loadPngFolder(dir, { background: 10 }))[0]?.data).toEqual(Uint8Array.of(10, 0));
});
