import { encode } from 'jpeg-js';
import { expect, test } from 'vitest';
import { DataFormatError } from '../errors.ts';
import { jpegDecoder } from './jpeg.ts';

const rgba = Uint8Array.from({ length: 16 * 16 * 4 }, (_, k) => (k * k * 31 + k * 7) >> 3);
const file = Uint8Array.from(encode({ width: 16, height: 16, data: rgba }, 75).data);

test('a photograph cut at any byte is refused, never filled up with other pixels', async () => {
  const decode = await jpegDecoder('test', { width: 16, height: 16 });
  expect(decode(file, 'x.jpg', 0)).toHaveLength(16 * 16 * 3);
  for (let length = 0; length < file.length; length++)
    expect(() => decode(file.subarray(0, length), 'x.jpg', 0), `${length} bytes`).toThrow(DataFormatError);
});

test('a header of 65 535 × 65 535 is refused before memory is taken for it', async () => {
  const decode = await jpegDecoder('test', { width: 16, height: 16 });
  const frame = file.findIndex((byte, k) => byte === 0xff && file[k + 1] === 0xc0);
  const giant = file.slice().fill(0xff, frame + 5, frame + 9);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => decode(giant, 'x.jpg', 0)).toThrow(DataFormatError);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
});
