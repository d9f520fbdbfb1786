import type { PicturePlanes } from './jpeg/decode-jpeg.ts';
import { type RgbPicture, requirePicture, requirePlanes } from './picture.ts';

/** Pixels of planes: Rec. 601, full range, as JFIF has it; cut to 0 … 255, then rounded once. Grey gives equal parts. */
export function toRgb(picture: PicturePlanes): RgbPicture {
  requirePlanes('toRgb', 'picture', picture);
  const { width, height, stride, planes } = picture;
  const data = new Uint8Array(width * height * 3);
  const [luma, blue, red] = planes as [Float32Array, Float32Array?, Float32Array?];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * stride + x;
      const to = 3 * (y * width + x);
      const l = cut(luma[at] as number);
      const cb = blue ? cut(blue[at] as number) - 128 : 0;
      const cr = red ? cut(red[at] as number) - 128 : 0;
      data[to] = rounded(l + 1.402 * cr);
      data[to + 1] = rounded(l - 0.344136286 * cb - 0.714136286 * cr);
      data[to + 2] = rounded(l + 1.772 * cb);
    }
  return { width, height, data };
}

const cut = (x: number): number => Math.max(0, Math.min(255, x));
/** The nearest whole number, halves upwards, as bytes take it: without what lies behind the point. */
const rounded = (x: number): number => cut(x) + 0.5;

/** Luma and chroma of pixels, not rounded: planes of `[height, width]`. */
export function toPlanes(picture: RgbPicture): Float32Array[] {
  requirePicture('toPlanes', 'picture', picture);
  const { width, height, data } = picture;
  const planes = [0, 1, 2].map(() => new Float32Array(width * height)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let at = 0; at < width * height; at++) {
    const [r, g, b] = [data[3 * at], data[3 * at + 1], data[3 * at + 2]] as [number, number, number];
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    planes[0][at] = luma;
    planes[1][at] = 128 + (b - luma) / 1.772;
    planes[2][at] = 128 + (r - luma) / 1.402;
  }
  return planes;
}
