import { deflateSync } from 'node:zlib';
import { crc32 } from '@funhash/hashing';

/**
 * A PNG of pixels, each row by the difference to the one above. Source: ISO/IEC 15948.
 *
 * @param picture.data red, green and blue, [height, width, 3], or these and alpha, [height, width, 4]
 */
export function encodePng({
  width,
  height,
  data,
}: {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}): Uint8Array {
  const channels = data.length / (width * height);
  const row = channels * width;
  const filtered = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) {
    filtered[y * (row + 1)] = 2;
    for (let k = 0; k < row; k++) {
      const above = y === 0 ? 0 : (data[(y - 1) * row + k] as number);
      filtered[y * (row + 1) + 1 + k] = (data[y * row + k] as number) - above;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 4 ? 6 : 2, 0, 0, 0], 8);
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)) >>> 0);
  return bytes;
}
