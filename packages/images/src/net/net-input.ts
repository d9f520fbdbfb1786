import type { PicturePlanes } from '../jpeg/decode-jpeg.ts';
import { inputChannels } from './artifact-net.ts';

// What the network sees of a picture. Scales make the planes of much the same spread; what comes out counts in units of 16 levels.

const scales = [1 / 64, 1 / 16, 1 / 16] as const;

/** Levels of a unit of the output. */
export const outputUnit = 16;

/** A part of a picture: its upper left pixel, and how many there are across and down. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The steps of a quantiser as one number: log₂ of the mean of the first 15 in zig-zag order, about −1 to 1. */
function coarseness(table: Uint16Array): number {
  const first = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4];
  const mean = first.reduce((sum, k) => sum + (table[k] as number), 0) / first.length;
  return (Math.log2(mean) - 4.5) / 2;
}

/**
 * Writes an area to what the network takes, [height, width, 5], from an offset on. What lies beyond the planes is 0.
 */
export function writeInput(
  picture: PicturePlanes,
  { x, y, width, height }: Area,
  into: Float32Array,
  from = 0,
): void {
  const { planes, tables, stride, rows } = picture;
  const [y0, blue, red] = planes as [Float32Array, Float32Array?, Float32Array?];
  const luma = coarseness(tables[0] as Uint16Array);
  const chroma = coarseness(tables[1] ?? (tables[0] as Uint16Array));
  const [first, last] = [Math.max(0, -x), Math.min(width, stride - x)];
  for (let row = 0; row < height; row++) {
    const start = from + row * width * inputChannels;
    if (y + row < 0 || y + row >= rows || first >= last) {
      into.fill(0, start, start + width * inputChannels);
      continue;
    }
    into.fill(0, start, start + first * inputChannels);
    into.fill(0, start + last * inputChannels, start + width * inputChannels);
    const source = (y + row) * stride + x;
    for (let col = first, to = start + first * inputChannels; col < last; col++, to += inputChannels) {
      into[to] = ((y0[source + col] as number) - 128) * scales[0];
      into[to + 1] = blue ? ((blue[source + col] as number) - 128) * scales[1] : 0;
      into[to + 2] = red ? ((red[source + col] as number) - 128) * scales[2] : 0;
      into[to + 3] = luma;
      into[to + 4] = chroma;
    }
  }
}
