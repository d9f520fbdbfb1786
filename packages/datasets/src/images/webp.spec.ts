import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataFormatError } from '../errors.ts';
import { loadPictureFolder } from './load-picture-folder.ts';
import { pictureReader, picturesTransformation } from './picture-reader.ts';
import fixtures from './webp.fixtures.json' with { type: 'json' };
import { isWebp, webpDecoder } from './webp.ts';

const bytesOf = (name: string): Uint8Array =>
  Uint8Array.from(Buffer.from(fixtures.files.find((each) => each.name === name)?.file as string, 'base64'));
const options = { source: 'x.webp', background: 255, mostPixels: 2 ** 24 };

const still = fixtures.files.filter(({ rgba }) => rgba !== undefined);
test.each(still.map((each) => [each.name, each] as const))(
  '%s: the pixels of Pillow, on white',
  async (name, { width, height, rgba = [] }) => {
    expect(isWebp(bytesOf(name))).toBe(true);
    const decode = await webpDecoder('test');
    const picture = await decode(bytesOf(name), options);
    expect(picture).toMatchObject({ width, height });
    const expected = Array.from({ length: width * height * 3 }, (_, k) => {
      const [pixel, c] = [Math.floor(k / 3), k % 3];
      const alpha = (rgba[4 * pixel + 3] as number) / 255;
      return Math.round(alpha * (rgba[4 * pixel + c] as number) + (1 - alpha) * 255);
    });
    expect([...picture.data]).toEqual(expected);
  },
);

test.each(still.map(({ name }) => name))('%s: cut at any byte it is refused', async (name) => {
  const decode = await webpDecoder('test');
  const file = bytesOf(name);
  for (let length = 0; length < file.length - 1; length++)
    await expect(decode(file.subarray(0, length), options), `${length} bytes`).rejects.toThrow(
      DataFormatError,
    );
  expect(await decode(file, options)).toBeDefined();
});

test.each([
  ['lossy', [26, 27, 28, 29]],
  ['lossless', [21, 22, 23, 24]],
  ['lossy with alpha', [24, 25, 26, 27, 28, 29]],
])('%s: one that says it is huge is refused before memory is taken for it', async (name, places) => {
  const decode = await webpDecoder('test');
  const giant = bytesOf(name);
  for (const at of places) giant[at] = 0xff;
  const before = process.memoryUsage();
  await expect(decode(giant, options)).rejects.toThrow('at most 16777216 pixels');
  expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 22);
});

test('one that says another size than it has is refused, and so is one that moves', async () => {
  const decode = await webpDecoder('test');
  const other = bytesOf('lossy with alpha');
  other[24] = (other[24] as number) + 1;
  await expect(decode(other, options)).rejects.toThrow(DataFormatError);
  await expect(decode(bytesOf('moves'), options)).rejects.toThrow('an animation');
});

test('folders and readers take WebP as they take PNG', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'webp-'));
  try {
    for (const name of ['a', 'b']) {
      await mkdir(join(dir, name));
      for (const k of [0, 1])
        await writeFile(join(dir, name, `${k}.webp`), bytesOf(still[k]?.name as string));
    }
    const pictures = await loadPictureFolder(dir, { side: 4, colour: true });
    expect([pictures.train.count, pictures.test.count]).toEqual([2, 2]);
    const reader = pictureReader(picturesTransformation({ side: 4, channels: 3 }));
    const known = await Promise.all(
      [0, 1].map(async (k) => [...((await reader?.read(bytesOf(still[k]?.name as string))) ?? [])].join()),
    );
    expect(known[0]).not.toBe(known[1]);
    for (const k of [0, 1])
      expect(known).toContain([...pictures.train.inputs.subarray(48 * k, 48 * k + 48)].join());
    expect(reader?.reads(bytesOf('lossless'))).toBe(true);
    expect(reader?.reads(Uint8Array.of(82, 73, 70, 70))).toBe(false);
  } finally {
    await rm(dir, { recursive: true });
  }
});
