import { readFileSync } from 'node:fs';
import type { RgbPicture } from '@funhash/images';

/** A picture as PPM (P6). */
export function encodePpm({ width, height, data }: RgbPicture): Uint8Array {
  const head = new TextEncoder().encode(`P6\n${width} ${height}\n255\n`);
  const bytes = new Uint8Array(head.length + data.length);
  bytes.set(head);
  bytes.set(data, head.length);
  return bytes;
}

/** A picture of a PPM file that this program wrote. */
export function readPpm(path: string): RgbPicture {
  const bytes = readFileSync(path);
  const [, width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(bytes.subarray(0, 40).toString('latin1')) ?? [];
  const size = 3 * Number(width) * Number(height);
  return {
    width: Number(width),
    height: Number(height),
    data: new Uint8Array(bytes.subarray(bytes.length - size)),
  };
}

/** A picture at a whole fraction of its size, by the mean of squares of pixels. */
export function shrunk({ width, height, data }: RgbPicture, by: number): RgbPicture {
  const [across, down] = [Math.floor(width / by), Math.floor(height / by)];
  const result = new Uint8Array(across * down * 3);
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let v = 0; v < by; v++)
          for (let h = 0; h < by; h++) sum += data[3 * ((y * by + v) * width + x * by + h) + c] as number;
        result[3 * (y * across + x) + c] = Math.round(sum / (by * by));
      }
  return { width: across, height: down, data: result };
}
