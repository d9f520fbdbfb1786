/**
 * One image mirrored, turned, moved and partly painted over.
 */
import { bytesOf } from '@funhash/hashing';

/** Size of every image of a data set; an `ImageDataset` is one. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** What happens to an image, in this order. */
export interface Warp {
  /** Left and right change places. */
  readonly flip: boolean;
  /** Cosine and sine of a turn about the centre, counter-clockwise as seen; bilinear. */
  readonly turn: readonly [cos: number, sin: number];
  /** Pixels to the right and down. */
  readonly move: readonly [x: number, y: number];
  /** The square that is painted over: its centre pixel and its side, 0 for none. */
  readonly cutout: { readonly x: number; readonly y: number; readonly side: number };
  /** Value of what comes from outside of the image, and of the square. */
  readonly fill: number;
}

export type Pixels = Uint8Array | Uint8ClampedArray | Float32Array;

/** Writes `from` `[height, width, channels]`, changed by `warp`, to `to`. Bytes are rounded to the nearest. */
export function warpImage(from: Pixels, to: Pixels, size: ImageSize, warp: Warp): void {
  const [cos, sin] = warp.turn;
  if (sin === 0 && cos === 1) moveImage(from, to, size, warp);
  else turnImage(from, to, size, warp);
  paintSquare(to, size, warp);
}

/** Whole pixels only: nothing is interpolated. */
function moveImage(
  from: Pixels,
  to: Pixels,
  { height, width, channels }: ImageSize,
  { flip, move: [dx, dy], fill }: Warp,
): void {
  for (let y = 0; y < height; y++) {
    const row = y - dy;
    const inside = row >= 0 && row < height;
    for (let x = 0; x < width; x++) {
      const col = flip ? width - 1 - x + dx : x - dx;
      const target = (y * width + x) * channels;
      const source = (row * width + col) * channels;
      const isThere = inside && col >= 0 && col < width;
      for (let c = 0; c < channels; c++) to[target + c] = isThere ? (from[source + c] as number) : fill;
    }
  }
}

function turnImage(
  from: Pixels,
  to: Pixels,
  { height, width, channels }: ImageSize,
  { flip, turn: [cos, sin], move: [dx, dy], fill }: Warp,
): void {
  const isBytes = bytesOf(to) !== undefined;
  const at = (x: number, y: number, c: number): number =>
    x >= 0 && x < width && y >= 0 && y < height
      ? (from[(y * width + (flip ? width - 1 - x : x)) * channels + c] as number)
      : fill;
  const toRight = flip ? -channels : channels;
  const below = width * channels;
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  let target = 0;
  for (let y = 0; y < height; y++) {
    const down = y - dy - cy;
    for (let x = 0; x < width; x++) {
      const right = x - dx - cx;
      const u = cx + cos * right - sin * down;
      const v = cy + sin * right + cos * down;
      const left = Math.floor(u);
      const top = Math.floor(v);
      const a = u - left;
      const b = v - top;
      // Most pixels: all four neighbours are there, and need no look at the edges.
      const isInside = left >= 0 && left < width - 1 && top >= 0 && top < height - 1;
      const corner = (top * width + (flip ? width - 1 - left : left)) * channels;
      for (let c = 0; c < channels; c++) {
        const k = corner + c;
        const p = isInside ? (from[k] as number) : at(left, top, c);
        const q = isInside ? (from[k + toRight] as number) : at(left + 1, top, c);
        const r = isInside ? (from[k + below] as number) : at(left, top + 1, c);
        const s = isInside ? (from[k + below + toRight] as number) : at(left + 1, top + 1, c);
        const upper = (1 - a) * p + a * q;
        const lower = (1 - a) * r + a * s;
        const value = (1 - b) * upper + b * lower;
        // Math.round took half of the time; pixels are not negative.
        to[target++] = isBytes ? (value + 0.5) | 0 : value;
      }
    }
  }
}

function paintSquare(
  to: Pixels,
  { height, width, channels }: ImageSize,
  { cutout: { x, y, side }, fill }: Warp,
): void {
  const [left, top] = [x - (side >> 1), y - (side >> 1)];
  const [from, until] = [Math.max(0, left), Math.min(width, left + side)];
  for (let row = Math.max(0, top); row < Math.min(height, top + side); row++)
    to.fill(fill, (row * width + from) * channels, (row * width + until) * channels);
}

/**
 * Cosine and sine of an angle, by Taylor polynomials of an eighth of it, doubled three times. Unlike those of
 * `Math` they are the same on every engine. Error below 1e-10 for ±180°.
 */
export function turnBy(degrees: number): readonly [cos: number, sin: number] {
  const x = (degrees * Math.PI) / 180 / 8;
  const q = x * x;
  let sin = x * (1 - (q / 6) * (1 - (q / 20) * (1 - (q / 42) * (1 - (q / 72) * (1 - q / 110)))));
  let cos = 1 - (q / 2) * (1 - (q / 12) * (1 - (q / 30) * (1 - (q / 56) * (1 - q / 90))));
  for (let doubling = 0; doubling < 3; doubling++) [cos, sin] = [cos * cos - sin * sin, 2 * sin * cos];
  return [cos, sin];
}
