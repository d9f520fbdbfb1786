// Bytes of transparency: as a picture file has it, and as the deflate of PNG has it.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node masks

import { deflateSync } from 'node:zlib';
import { random } from '@funhash/hashing';
import { baseNet, encodePicture } from '@funhash/images';
import { useBackend } from '@funhash/layers';
import { encodeJpeg } from './encoders.ts';

const [width, height] = [768, 512];
const [middleX, middleY] = [width / 2, height / 2];

/** How far a pixel is within a shape of curves. */
function within(x: number, y: number): number {
  const angle = Math.atan2(y - middleY, x - middleX);
  return 170 + 40 * Math.cos(3 * angle) + 14 * Math.sin(7 * angle + 1) - Math.hypot(x - middleX, y - middleY);
}

const draw = random(1);
const strands = Array.from({ length: 60 }, () => ({
  place: width * draw.uniform(),
  phase: 2 * Math.PI * draw.uniform(),
  thickness: 1 + 2 * draw.uniform(),
}));

/** Alpha from 0 to 1, cut there. */
const masks: Readonly<Record<string, (x: number, y: number) => number>> = {
  'a shape, hard edges': (x, y) => (within(x, y) > 0 ? 1 : 0),
  'the same, edges smoothed': (x, y) => within(x, y) + 0.5,
  'the same, edges 20 pixels wide': (x, y) => within(x, y) / 20 + 0.5,
  'a shape with 60 hairs': (x, y) =>
    strands.reduce(
      (most, { place, phase, thickness }) =>
        Math.max(most, thickness - Math.abs(x - place - 20 * Math.sin(y / 60 + phase))),
      within(x, y) / 4,
    ),
  'a gradient from the middle': (x, y) => 1.2 - Math.hypot((x - middleX) / middleX, (y - middleY) / middleY),
  'half transparent, all of it': () => 0.5,
  noise: () => draw.uniform(),
};

/** What deflate makes of a channel alone: the least of the five filters of PNG, each for all rows, and of the usual choice for each row. */
function pngBytes(alpha: Uint8Array): number {
  const ways = [0, 1, 2, 3, 4, undefined] as const;
  return least(ways.map((filter) => deflateSync(filtered(alpha, filter), { level: 9 }).length));
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));

function filtered(alpha: Uint8Array, filter: number | undefined): Uint8Array {
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    const choices = filter === undefined ? [0, 1, 2, 3, 4] : [filter];
    const tried = choices.map((each) => filteredRow(alpha, y, each));
    // Signed, as the recommendation of PNG takes them.
    const sums = tried.map((row) => row.subarray(1).reduce((sum, x) => sum + Math.min(x, 256 - x), 0));
    rows.set(tried[sums.indexOf(least(sums))] as Uint8Array, (width + 1) * y);
  }
  return rows;
}

function filteredRow(alpha: Uint8Array, y: number, filter: number): Uint8Array {
  const row = new Uint8Array(width + 1);
  row[0] = filter;
  const at = (x: number, line: number): number =>
    x < 0 || line < 0 ? 0 : (alpha[line * width + x] as number);
  for (let x = 0; x < width; x++) {
    const [a, b, c] = [at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)];
    const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
    const paeth = toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
    row[x + 1] = at(x, y) - ([0, a, b, (a + b) >> 1, paeth][filter] as number);
  }
  return row;
}

await useBackend('wasm');
const net = await baseNet();
const picture = { width, height, data: new Uint8Array(3 * width * height).fill(255) };
const jpeg = await encodeJpeg(picture, 30, 'moz420');
console.log('| alpha of 768 × 512 | deflate of PNG, bytes | picture file, bytes |\n| --- | --- | --- |');
for (const [name, of] of Object.entries(masks)) {
  const alpha = Uint8Array.from({ length: width * height }, (_, k) =>
    Math.round(255 * Math.max(0, Math.min(1, of(k % width, Math.floor(k / width))))),
  );
  const { alphaBytes } = await encodePicture(jpeg, { ...picture, alpha }, net, { steps: 0 });
  console.log(`| ${name} | ${pngBytes(alpha)} | ${alphaBytes} |`);
}
