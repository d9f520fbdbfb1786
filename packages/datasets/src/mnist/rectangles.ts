/**
 * RECT and RECT-IMG: is the rectangle tall or wide?
 * Source: Larochelle et al., ICML 2007, and the page "Discrimination between tall and wide rectangles" beside its data.
 *
 * As published, RECT: the border is 255, all else 0; width and height are uniform, rejected when they differ by less
 * than 3; the top left corner is uniform where the rectangle fits. RECT-IMG: border and inside show a patch of a
 * photograph, the rest shows another; sides of at least 10 that differ by at least 5, area 25 % to 75 % of the image.
 *
 * Free choices here: sides of RECT run from 1 to 28; the border is 1 pixel wide; both patches of RECT-IMG may come
 * from the same photograph; label 1 is tall (height > width).
 */
import type { Random } from '@funhash/hashing';
import type { Split } from '../images/image-dataset.ts';
import { side } from '../images/image-side.ts';

interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function drawRectangles(count: number, random: Random): Split {
  const accept = (width: number, height: number) => Math.abs(width - height) >= 3;
  return drawEach(count, random, accept, (image, { left, top, width, height }) => {
    const right = left + width - 1;
    const bottom = top + height - 1;
    image.fill(255, top * side + left, top * side + right + 1);
    image.fill(255, bottom * side + left, bottom * side + right + 1);
    for (let y = top; y <= bottom; y++) {
      image[y * side + left] = 255;
      image[y * side + right] = 255;
    }
  });
}

export function drawRectanglesOfPatches(count: number, random: Random, nextPatch: () => Uint8Array): Split {
  const area = side * side;
  const accept = (width: number, height: number) =>
    Math.min(width, height) >= 10 &&
    Math.abs(width - height) >= 5 &&
    width * height >= 0.25 * area &&
    width * height <= 0.75 * area;
  return drawEach(count, random, accept, (image, { left, top, width, height }) => {
    image.set(nextPatch());
    const inside = nextPatch();
    for (let y = top; y < top + height; y++) {
      const start = y * side + left;
      image.set(inside.subarray(start, start + width), start);
    }
  });
}

function drawEach(
  count: number,
  random: Random,
  accept: (width: number, height: number) => boolean,
  draw: (image: Uint8Array, rectangle: Rectangle) => void,
): Split {
  const images = new Uint8Array(count * side * side);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let width: number;
    let height: number;
    do {
      width = 1 + random.integer(side);
      height = 1 + random.integer(side);
    } while (!accept(width, height));
    const left = random.integer(side - width + 1);
    const top = random.integer(side - height + 1);
    draw(images.subarray(i * side * side, (i + 1) * side * side), { left, top, width, height });
    labels[i] = height > width ? 1 : 0;
  }
  return { count, inputs: images, labels };
}
