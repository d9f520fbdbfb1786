import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePng } from '@funhash/datasets';
import { artifactNet, decodeJpeg, jpegMetadata, psnr, toRgb, withMetadata } from '@funhash/images';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodePng } from '../files/png.ts';
import { run } from '../run-command.spec-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'image-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const [width, height] = [45, 38];
const data = Uint8Array.from(
  { length: 3 * width * height },
  (_, k) => 128 + 80 * Math.sin(k / 31) + 40 * Math.cos(k / (5 + (k % 3))),
);
const original = { width, height, data };

beforeAll(async () => {
  writeFileSync(at('photo.png'), encodePng(original));
  await artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2 }).save(at('net.safetensors'));
  await artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2, seed: 5 }).save(
    at('other.safetensors'),
  );
});

test('pixels of a PNG are those that it was made of', async () => {
  expect((await decodePng(readFileSync(at('photo.png')), { channels: 3 })).data).toEqual(data);
});

test('a picture is encoded and decoded; others see a JPEG', async () => {
  const base = ['--base', at('net.safetensors')];
  const encoded = await run(
    'image',
    'encode',
    at('photo.png'),
    '--quality',
    '20',
    '--effort',
    'fast',
    '--json',
    ...base,
  );
  expect(encoded.notes).toBe('');
  const bytes = readFileSync(at('photo.fhi'));
  const { decibels, ...told } = JSON.parse(encoded.lines);
  expect(told).toMatchObject({ path: at('photo.fhi'), bytes: bytes.length, width, height });
  expect(psnr(toRgb(decodeJpeg(bytes)), original).rgb).toBeCloseTo(decibels.jpeg.rgb, 9);
  const decoded = await run('image', 'decode', at('photo.fhi'), '-o', at('back.png'), ...base);
  expect(decoded.lines).toContain(`${width} × ${height}, network: ${told.mode}`);
  const back = await decodePng(readFileSync(at('back.png')), { channels: 3 });
  expect(psnr(back as typeof original, original).rgb).toBeCloseTo(decibels.file.rgb, 9);
  expect((await run('image', 'decode', at('photo.fhi'), '--plain', '-o', at('plain.png'))).code).toBe(0);
});

test('transparency goes along, and is on white for those who do not know it', async () => {
  const alpha = Uint8Array.from({ length: width * height }, (_, k) => Math.min(255, 9 * (k % width)));
  const rgba = Uint8Array.from({ length: 4 * width * height }, (_, k) =>
    k % 4 === 3 ? (alpha[k >> 2] as number) : (data[3 * (k >> 2) + (k % 4)] as number),
  );
  writeFileSync(at('clear.png'), encodePng({ width, height, data: rgba }));
  const base = ['--base', at('net.safetensors')];
  const plain = ['--quality', '95', '--chroma', '444', '--effort', 'none', ...base];
  const { lines } = await run('image', 'encode', at('clear.png'), ...plain);
  expect(lines).toMatch(/\((off|base)\), \d+ of transparency\n/);
  const { lines: told } = await run('image', 'decode', at('clear.fhi'), '-o', at('clear-back.png'), ...base);
  expect(told).toContain(', transparent');
  const back = await decodePng(readFileSync(at('clear-back.png')), { channels: 4 });
  expect(back.data.filter((_, k) => k % 4 === 3)).toEqual(alpha);
  const opaqueOf = (pixels: Uint8Array): number[] =>
    [...pixels].filter((_, k) => k % 4 < 3 && rgba[k | 3] === 255);
  const apart = opaqueOf(back.data).map((x, k) => Math.abs(x - (opaqueOf(rgba)[k] as number)));
  expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(4);
  await run('image', 'decode', at('clear.fhi'), '--plain', '-o', at('clear-plain.png'));
  const onWhite = await decodePng(readFileSync(at('clear-plain.png')), { channels: 4 });
  expect(onWhite.data.every((x, k) => k % 4 < 3 || x === 255)).toBe(true);
  expect([...onWhite.data.subarray(0, 3)].every((x) => x > 240)).toBe(true);
});

test('with the network that comes along', async () => {
  const { code, lines } = await run(
    'image',
    'encode',
    at('photo.png'),
    '-o',
    at('own.fhi'),
    '--effort',
    'none',
  );
  expect(code).toBe(0);
  expect(lines).toMatch(/bits a pixel, \d+ beside the JPEG \((off|base)\)/);
  expect((await run('image', 'decode', at('own.fhi'))).code).toBe(0);
});

test('a photo on its side is encoded upright, with its metadata', async () => {
  const plain = ['--effort', 'none', '--quality', '90'];
  await run('image', 'encode', at('photo.png'), '-o', at('lying.fhi'), ...plain);
  // EXIF of one entry, the orientation, which says that the camera was turned to the right.
  const tiff = [73, 73, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
  const exif = [0xff, 0xe1, 0, 8 + tiff.length, ...Buffer.from('Exif\0\0'), ...tiff];
  writeFileSync(at('turned.jpg'), withMetadata(readFileSync(at('lying.fhi')), [Uint8Array.from(exif)]));
  const { code, lines } = await run('image', 'encode', at('turned.jpg'), '--json', ...plain);
  const size = { width: height, height: width };
  expect([code, JSON.parse(lines)]).toMatchObject([0, { path: at('turned.fhi'), ...size }]);
  const { orientation, segments } = jpegMetadata(readFileSync(at('turned.fhi')));
  expect([orientation, segments[0]?.length]).toEqual([1, exif.length]);
  // Any JPEG is turned where it becomes a PNG, whose readers do not look for such.
  const decode = ['image', 'decode', at('turned.jpg'), '--plain', '-o', at('upright.png')];
  expect((await run(...decode)).code).toBe(0);
  const upright = await decodePng(readFileSync(at('upright.png')), { channels: 3 });
  expect(upright).toMatchObject(size);
  const file = decodeJpeg(readFileSync(at('turned.fhi')));
  expect(psnr(toRgb(file), upright as typeof original).rgb).toBeGreaterThan(30);
});

test.each([
  ['no file', ['image', 'encode', at('none.png')], 'none.png'],
  ['what is no PNG', ['image', 'encode', at('net.safetensors'), '-o', at('x')], 'PNG'],
  ['what is no JPEG', ['image', 'decode', at('photo.png'), '-o', at('x')], 'a JPEG'],
  ['its own file', ['image', 'decode', at('photo.png'), '-o', at('photo.png')], 'another file'],
  ['a quality of 0', ['image', 'encode', at('photo.png'), '--quality', '0'], '1 to 100'],
  ['another way of tuning', ['image', 'encode', at('photo.png'), '--tune', 'some'], 'multipliers'],
  ['another effort', ['image', 'encode', at('photo.png'), '--effort', 'some'], 'thorough'],
])('%s is refused', async (_, args, message) => {
  const { code, notes } = await run(...args);
  expect(code).toBe(2);
  expect(notes).toContain(message);
});
