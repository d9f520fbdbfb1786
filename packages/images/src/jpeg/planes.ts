import type { Component } from './frame.ts';

// The one way from coefficients to samples: encoder and decoder see the same picture, in Node and in pages.

/** C[u][x] = ½ c(u) cos((2x + 1) u π / 16), c(0) = 1/√2: A.3.3. */
const basis = Float64Array.from({ length: 64 }, (_, k) => {
  const [u, x] = [k >> 3, k & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** Samples of a component at its own resolution, row-major, whole blocks, 0 to 255. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Inverse cosine transform of all blocks, in f64, cut to 0 … 255 and not rounded. */
export function planeOf(component: Component, table: Uint16Array): Plane {
  const { blocksAcross, blocksDown, coefficients } = component;
  const width = 8 * blocksAcross;
  const data = new Float32Array(width * 8 * blocksDown);
  const rows = new Float64Array(64);
  for (let block = 0; block < blocksAcross * blocksDown; block++) {
    const from = 64 * block;
    const to = Math.floor(block / blocksAcross) * 8 * width + (block % blocksAcross) * 8;
    rows.fill(0);
    let isFlat = true;
    for (let v = 0; v < 8; v++)
      for (let u = 0; u < 8; u++) {
        const level = coefficients[from + 8 * v + u] as number;
        if (level === 0) continue;
        if (u + v > 0) isFlat = false;
        const value = level * (table[8 * v + u] as number);
        for (let x = 0; x < 8; x++)
          rows[8 * v + x] = (rows[8 * v + x] as number) + value * (basis[8 * u + x] as number);
      }
    if (isFlat) {
      const value = clamped(128 + ((coefficients[from] as number) * (table[0] as number)) / 8);
      for (let y = 0; y < 8; y++) data.fill(value, to + y * width, to + y * width + 8);
      continue;
    }
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) {
        let sum = 128;
        for (let v = 0; v < 8; v++) sum += (rows[8 * v + x] as number) * (basis[8 * v + y] as number);
        data[to + y * width + x] = clamped(sum);
      }
  }
  return { width, height: 8 * blocksDown, data };
}

const clamped = (x: number): number => Math.max(0, Math.min(255, x));

/**
 * A plane at twice the width, or height, or both, by the triangle filter: 3/4 of the nearer sample and 1/4 of the farther, as
 * libjpeg has it. Samples beyond the picture's own size are repeats of its last ones.
 */
export function upsampled(
  plane: Plane,
  across: number,
  down: number,
  size: { width: number; height: number },
): Plane {
  const edged = withEdges(plane, Math.ceil(size.width / across), Math.ceil(size.height / down));
  const wide = across === 2 ? doubled(edged, 1, edged.width) : edged;
  return down === 2 ? doubled(wide, wide.width, wide.height) : wide;
}

/** The last samples that belong to the picture, over those that pad it: encoders fill these as they like. */
function withEdges({ width, height, data }: Plane, ownWidth: number, ownHeight: number): Plane {
  const result = data.slice();
  for (let y = 0; y < height; y++) {
    const row = Math.min(y, ownHeight - 1) * width;
    if (row !== y * width) result.copyWithin(y * width, row, row + width);
    else result.fill(result[row + ownWidth - 1] as number, row + ownWidth, row + width);
  }
  return { width, height, data: result };
}

/** Twice as many samples along an axis whose neighbours are `stride` apart and which has `length` of them. */
function doubled({ width, height, data }: Plane, stride: number, length: number): Plane {
  const isAcross = stride === 1;
  const lines = isAcross ? height : width;
  const result = new Float32Array(2 * data.length);
  const [lineStep, outStep, outStride] = isAcross ? [width, 2 * width, 1] : [1, 1, width];
  for (let line = 0; line < lines; line++)
    for (let k = 0; k < length; k++) {
      const at = line * lineStep + k * stride;
      const value = 0.75 * (data[at] as number);
      const before = data[k > 0 ? at - stride : at] as number;
      const after = data[k < length - 1 ? at + stride : at] as number;
      const to = line * outStep + 2 * k * outStride;
      result[to] = value + 0.25 * before;
      result[to + outStride] = value + 0.25 * after;
    }
  return isAcross ? { width: 2 * width, height, data: result } : { width, height: 2 * height, data: result };
}
