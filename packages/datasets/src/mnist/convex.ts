/**
 * CONVEX: is the white region a convex set?
 * Source: Larochelle, Erhan, Courville, Bergstra, Bengio, "An empirical evaluation of deep architectures on problems
 * with many factors of variation", ICML 2007, and the page "Recognition of convex sets" beside its data.
 *
 * As published: a convex set is the intersection of half-planes of uniform location and orientation, their number
 * geometric with parameter 0.195, at least 19 pixels. A non-convex image is the union of 2 to 4 (uniform) such sets
 * with parameter 0.07 and at least 10 pixels each, kept if some pair of its pixels shows that it is not convex.
 * White is 255, black 0; the mean number of white pixels is balanced between the classes.
 *
 * Free choices here:
 * - "location": the border passes through a uniform point of the square;
 * - the geometric distribution counts from 0. That is the reading that meets the published balance (about 460
 *   and 455 white pixels; counting from 1 gives about 280 and 475). So about a third of the convex images, those of
 *   no half-plane, are all white;
 * - a set of pixels is convex when every pixel centre in the convex hull of its pixel centres belongs to it;
 * - label 1 is convex; each label is drawn with probability ½.
 */
import type { Random } from '@funhash/hashing';
import type { Split } from '../images/image-dataset.ts';
import { side } from '../images/image-side.ts';
import { uniformDirection } from '../images/uniform-direction.ts';

/** A set of pixels that meets every row in one run `lo[y] … hi[y]`, empty when `hi[y] < lo[y]`. */
interface Runs {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

export function drawConvex(count: number, random: Random): Split {
  const images = new Uint8Array(count * side * side);
  const labels = new Uint8Array(count);
  const set: Runs = { lo: new Int32Array(side), hi: new Int32Array(side) };
  for (let i = 0; i < count; i++) {
    const image = images.subarray(i * side * side, (i + 1) * side * side);
    labels[i] = random.integer(2);
    if (labels[i] === 1) {
      drawConvexSet(set, 0.195, 19, random);
      paint(set, image);
      continue;
    }
    do {
      image.fill(0);
      const parts = 2 + random.integer(3);
      for (let part = 0; part < parts; part++) {
        drawConvexSet(set, 0.07, 10, random);
        paint(set, image);
      }
    } while (isConvex(image));
  }
  return { count, inputs: images, labels };
}

function drawConvexSet({ lo, hi }: Runs, parameter: number, minPixels: number, random: Random): void {
  for (;;) {
    lo.fill(0);
    hi.fill(side - 1);
    let pixels = side * side;
    // Geometric: one more half-plane until a trial of probability `parameter` succeeds.
    while (pixels >= minPixels && random.uniform() >= parameter) {
      const [nx, ny] = uniformDirection(random);
      pixels = cut({ lo, hi }, nx, ny, side * random.uniform(), side * random.uniform());
    }
    if (pixels >= minPixels) return;
  }
}

/** Keeps the pixels whose centre (x + ½, y + ½) has nx·(x + ½ - px) + ny·(y + ½ - py) ≥ 0; returns how many. */
function cut({ lo, hi }: Runs, nx: number, ny: number, px: number, py: number): number {
  let pixels = 0;
  for (let y = 0; y < side; y++) {
    const border = px - 0.5 - ((y + 0.5 - py) * ny) / nx;
    if (nx > 0) lo[y] = Math.min(side, Math.max(lo[y] as number, Math.ceil(border)));
    else hi[y] = Math.max(-1, Math.min(hi[y] as number, Math.floor(border)));
    pixels += Math.max(0, (hi[y] as number) - (lo[y] as number) + 1);
  }
  return pixels;
}

function paint({ lo, hi }: Runs, image: Uint8Array): void {
  for (let y = 0; y < side; y++) {
    if ((hi[y] as number) >= (lo[y] as number)) {
      image.fill(255, y * side + (lo[y] as number), y * side + (hi[y] as number) + 1);
    }
  }
}

/**
 * Is every pixel centre in the hull of the white pixel centres white? The hull meets row y between the least and the
 * greatest crossing of the lines that join ends of runs above and below.
 */
export function isConvex(image: Uint8Array): boolean {
  const lo: number[] = [];
  const hi: number[] = [];
  const filled: number[] = [];
  for (let y = 0; y < side; y++) {
    const row = image.subarray(y * side, (y + 1) * side);
    const first = row.indexOf(255);
    const last = row.lastIndexOf(255);
    lo.push(first);
    hi.push(last);
    if (first === -1) continue;
    if (row.subarray(first, last + 1).includes(0)) return false;
    filled.push(y);
  }
  for (let y = filled[0] ?? side; y <= (filled.at(-1) ?? 0); y++) {
    let left = side;
    let right = -1;
    for (const a of filled) {
      for (const b of filled) {
        if (a > y || b < y) continue;
        const t = a === b ? 0 : (y - a) / (b - a);
        left = Math.min(left, (lo[a] as number) + t * ((lo[b] as number) - (lo[a] as number)));
        right = Math.max(right, (hi[a] as number) + t * ((hi[b] as number) - (hi[a] as number)));
      }
    }
    // The crossings are fractions with denominators below 28: far from whole numbers unless whole.
    const first = Math.ceil(left - 1e-9);
    const last = Math.floor(right + 1e-9);
    const empty = lo[y] === -1;
    if (empty ? first <= last : first < (lo[y] as number) || last > (hi[y] as number)) return false;
  }
  return true;
}
