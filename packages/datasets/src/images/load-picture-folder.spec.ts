import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPictureFolder } from './load-picture-folder.ts';
import { pictureReader } from './picture-reader.ts';
import { resized } from './resized.ts';

let dir: string;
/** A picture of one colour. */
function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Buffer {
  const picture = new PNG({ width, height });
  for (let k = 0; k < width * height; k++) picture.data.set([r, g, b, 255], 4 * k);
  return PNG.sync.write(picture);
}
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pictures-'));
  for (const [name, colour] of [
    ['red', [200, 0, 0]],
    ['blue', [0, 0, 200]],
  ] as const) {
    await mkdir(join(dir, name));
    for (let k = 0; k < 5; k++) await writeFile(join(dir, name, `${k}.png`), png(20 + k, 30, colour));
  }
  const data = Buffer.alloc(40 * 24 * 4, 90);
  await writeFile(join(dir, 'red/5.jpg'), jpeg.encode({ width: 40, height: 24, data }, 90).data);
  await writeFile(join(dir, 'red/notes.txt'), 'no picture');
});
afterAll(() => rm(dir, { recursive: true }));

test('a class for each sub-folder; the test part drawn of each, by the seed', async () => {
  const pictures = await loadPictureFolder(dir, { side: 8, colour: true });
  expect(pictures).toMatchObject({
    classes: 2,
    classNames: ['blue', 'red'],
    inputShape: [8, 8, 3],
    dtype: 'u8',
  });
  expect([pictures.train.count, pictures.test.count]).toEqual([9, 2]);
  expect([...pictures.test.labels].sort()).toEqual([0, 1]);
  const blue = pictures.train.labels.indexOf(0);
  expect([...pictures.train.inputs.subarray(blue * 192, blue * 192 + 3)]).toEqual([0, 0, 200]);
  expect((await loadPictureFolder(dir, { side: 8, colour: true })).train.inputs).toEqual(
    pictures.train.inputs,
  );
  expect((await loadPictureFolder(dir, { side: 8 })).inputShape).toEqual([8, 8, 1]);
});

test('scaling takes the mean of what a pixel covers, and keeps what is of the size', () => {
  const data = Uint8Array.from({ length: 36 }, (_, k) => 7 * k);
  expect(resized({ width: 6, height: 6, data }, 6, 1)).toEqual(data);
  const halves = resized({ width: 6, height: 6, data }, 3, 1);
  expect(halves[0]).toBe(Math.round((0 + 7 + 42 + 49) / 4));
  expect([...resized({ width: 5, height: 3, data: new Uint8Array(15).fill(9) }, 4, 3)]).toEqual(
    new Array(48).fill(9),
  );
});

test('what is no picture, and folders without any, are refused', async () => {
  await expect(loadPictureFolder(join(dir, 'red'))).rejects.toThrow('0 pictures in 0 sub-folders');
  await expect(loadPictureFolder(dir, { sidde: 8 } as never)).rejects.toThrow('did you mean side?');
  await writeFile(join(dir, 'red/9.png'), 'x');
  await expect(loadPictureFolder(dir)).rejects.toThrow('a PNG, a JPEG or a WebP');
  await rm(join(dir, 'red/9.png'));
});

test('folders train and test: a class of either is a class', async () => {
  for (const [name, level] of [
    ['train/a', 9],
    ['train/c', 99],
    ['test/a', 9],
    ['test/b', 200],
  ] as const) {
    await mkdir(join(dir, 'split', name), { recursive: true });
    await writeFile(join(dir, 'split', name, '0.png'), png(8, 8, [level, 0, 0]));
  }
  const pictures = await loadPictureFolder(join(dir, 'split'), { side: 8 });
  expect(pictures.classNames).toEqual(['a', 'b', 'c']);
  expect([...pictures.train.labels].sort()).toEqual([0, 2]);
  expect([...pictures.test.labels]).toEqual([0, 1]);
  await rm(join(dir, 'split'), { recursive: true });
});

test('a reader of the signature takes other pictures as those of the folder', async () => {
  const pictures = await loadPictureFolder(dir, { side: 8, colour: true });
  const reader = pictureReader(pictures.transformation);
  expect(reader).toMatchObject({ side: 8, channels: 3 });
  const read = [...((await reader?.read(png(50, 40, [0, 0, 200]))) ?? [])];
  expect(read).toHaveLength(192);
  expect(read.slice(0, 3)).toEqual([0, 0, 200]);
  await expect(reader?.read(Uint8Array.of(1, 2, 3))).rejects.toThrow('a PNG, a JPEG or a WebP');
  expect(pictureReader({ kind: 'words' })).toBeUndefined();
  expect(() => pictureReader({ kind: 'pictures', side: 1e9, channels: 1 })).toThrow('damaged');
});
