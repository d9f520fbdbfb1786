// Times of decoding and encoding a photo, part by part, and the processor time of all threads: least of some runs.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node time --photo kodak/05.png --threads 2

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodePng } from '@funhash/datasets';
import {
  baseNet,
  decodeJpeg,
  decodePicture,
  encodePicture,
  psnr,
  restore,
  toPlanes,
  toRgb,
} from '@funhash/images';
import { useBackend } from '@funhash/layers';
import { encodeJpeg } from './encoders.ts';

const { values: given } = parseArgs({
  options: {
    photo: { type: 'string', default: 'kodak/05.png' },
    quality: { type: 'string', default: '30' },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '6' },
    tile: { type: 'string' },
    /** Steps of tuning; 0 times decoding alone. */
    steps: { type: 'string', default: '0' },
  },
});
const { width, height, data } = await decodePng(readFileSync(resolve(given.photo)), { channels: 3 });
const original = { width, height, data };
await useBackend('wasm', { threads: Number(given.threads) });
const net = await baseNet();
const jpeg = await encodeJpeg(original, Number(given.quality), 'moz420');
const { bytes } = await encodePicture(jpeg, original, net, { steps: 0 });
const tile = given.tile === undefined ? {} : { tile: Number(given.tile) };

const least = new Map<string, { ms: number; cpu: number }>();
async function timed<T>(name: string, body: () => T | Promise<T>): Promise<T> {
  const [begun, before] = [performance.now(), process.cpuUsage()];
  const found = await body();
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1000;
  const known = least.get(name) ?? { ms, cpu };
  least.set(name, { ms: Math.min(ms, known.ms), cpu: Math.min(cpu, known.cpu) });
  return found;
}

for (let run = 0; run < Number(given.runs); run++) {
  const decoded = await timed('JPEG to planes', () => decodeJpeg(jpeg));
  const restored = await timed('network', () => restore(decoded, net, tile));
  const picture = await timed('planes to RGB', () => toRgb(restored));
  await timed('all of decoding', () => decodePicture(bytes, net));
  await timed('PSNR', () => psnr(picture, original));
  await timed('RGB to planes', () => toPlanes(original));
  await timed('JPEG', () => encodeJpeg(original, Number(given.quality), 'moz420'));
  if (given.steps !== '0')
    await timed('all of encoding', () => encodePicture(jpeg, original, net, { steps: Number(given.steps) }));
}
for (const [name, { ms, cpu }] of least) {
  const speed =
    name === 'all of decoding' ? `, ${((width * height) / ms / 1000).toFixed(2)} megapixels a second` : '';
  console.log(`${name}: ${ms.toFixed(1)} ms${speed}; ${cpu.toFixed(1)} ms of processors`);
}
