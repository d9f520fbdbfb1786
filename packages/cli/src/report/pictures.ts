import { PNG } from 'pngjs';

/** A picture, pixels 0–255 [height, width, 1 or 3], as a data URI. */
export function picture(pixels: Uint8Array, width: number, height: number): string {
  const channels = pixels.length / (width * height);
  return dataUri(width, height, (k, rgb) => {
    for (let c = 0; c < 3; c++) rgb[c] = pixels[k * channels + (channels === 3 ? c : 0)] as number;
  });
}

const negative = [33, 102, 172] as const;
const positive = [178, 24, 43] as const;

/** Signed values [height, width] as a data URI: blue below 0, white at 0, red above, full colour at ±limit. */
export function signedPicture(
  values: readonly number[],
  width: number,
  height: number,
  limit: number,
): string {
  return dataUri(width, height, (k, rgb) => {
    const share = Math.min(1, Math.abs(values[k] as number) / (limit || 1));
    const full = (values[k] as number) < 0 ? negative : positive;
    full.forEach((channel, c) => {
      rgb[c] = Math.round(255 + share * (channel - 255));
    });
  });
}

function dataUri(width: number, height: number, paint: (pixel: number, rgb: Uint8Array) => void): string {
  const png = new PNG({ width, height, colorType: 2 });
  for (let k = 0; k < width * height; k++) {
    paint(k, png.data.subarray(4 * k, 4 * k + 3));
    png.data[4 * k + 3] = 255;
  }
  const bytes = PNG.sync.write(png, { colorType: 2, inputHasAlpha: true });
  return `data:image/png;base64,${bytes.toString('base64')}`;
}
