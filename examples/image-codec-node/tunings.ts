// What ways of tuning a network on a picture are worth, on photos that nothing was trained on: bytes of the update, decibels that it
// adds, and what is left of these when its bytes are paid for at 3 dB for a file of twice the size.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node tunings --photos ~/photos --ways l1,none,multipliers --shrink 1,2

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { baseNet, type EncodePictureOptions, encodePicture } from '@funhash/images';
import { load, useBackend } from '@funhash/layers';
import { encodeJpeg, type Kind } from './encoders.ts';
import { heldOut } from './held-out.ts';
import { readPpm, shrunk } from './ppm.ts';

const { values: given } = parseArgs({
  options: {
    photos: { type: 'string', default: 'photos' },
    only: { type: 'string', default: heldOut.join(',') },
    qualities: { type: 'string', default: '10,30,75' },
    kind: { type: 'string', default: 'moz420' },
    ways: { type: 'string', default: 'l1' },
    shrink: { type: 'string', default: '1' },
    steps: { type: 'string', default: '40' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    base: { type: 'string' },
  },
});
/** Ways by name; a number behind a colon is the weight of the penalty. */
const ways: Readonly<Record<string, EncodePictureOptions>> = {
  l1: { tune: 'all' },
  none: { tune: 'all', weight: 0 },
  paper: { tune: 'all', objective: 'compressibility', weight: 1e-3 },
  rate: { tune: 'all', objective: 'rate', weight: 3.5e-5 },
  multipliers: { tune: 'multipliers' },
  biases: { tune: 'biases' },
  channels: { tune: 'channels' },
  both: { tune: 'both' },
  auto: {},
};
await useBackend('wasm', { threads: Number(given.threads) });
const net = given.base === undefined ? await baseNet() : await load(given.base);
const decibelsPerDoubling = 3;

console.log(
  '| photo | pixels | quality | way | bytes of the JPEG | bytes beside it | said | base, dB | tuned, dB | left |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
const lefts = new Map<string, number[]>();
for (const name of given.only.split(','))
  for (const by of given.shrink.split(',').map(Number)) {
    const whole = readPpm(join(resolve(given.photos), `${name}.ppm`));
    const original = by === 1 ? whole : shrunk(whole, by);
    for (const quality of given.qualities.split(',').map(Number)) {
      const jpeg = await encodeJpeg(original, quality, given.kind as Kind);
      for (const way of given.ways.split(',')) {
        const [kind = '', weight] = way.split(':');
        const options = { ...ways[kind], ...(weight !== undefined && { weight: Number(weight) }) };
        const {
          mode,
          extraBytes,
          quality: found,
        } = await encodePicture(jpeg, original, net, {
          ...{ steps: Number(given.steps), seed: Number(given.seed), decibelsPerDoubling },
          ...options,
        });
        const mean = ({ luma, rgb }: { luma: number; rgb: number }): number => (luma + rgb) / 2;
        const gain = mean(found.file) - mean(found.base);
        // A file that says "base" has 14 bytes more than the JPEG.
        const paid = decibelsPerDoubling * Math.log2((jpeg.length + extraBytes) / (jpeg.length + 14));
        lefts.set(way, [...(lefts.get(way) ?? []), gain - paid]);
        console.log(
          `| ${name} | ${original.width} × ${original.height} | ${quality} | ${way} | ${jpeg.length} | ${extraBytes} | ${mode} | ` +
            `+${(mean(found.base) - mean(found.jpeg)).toFixed(3)} | +${gain.toFixed(3)} | ${(gain - paid).toFixed(3)} |`,
        );
      }
    }
  }
for (const [way, left] of lefts)
  console.log(
    `${way}: left ${(left.reduce((a, b) => a + b, 0) / left.length).toFixed(4)} dB, mean of ${left.length}, least ${left.reduce((a, b) => Math.min(a, b)).toFixed(3)}`,
  );
