// Curves of rate and quality: JPEG alone, with the base network, and tuned on each picture with the bytes of the update counted.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node curves --photos shared/data/kodak --kinds moz420,plain420 --steps 0

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodePng } from '@funhash/datasets';
import {
  baseNet,
  bjontegaard,
  decodeJpeg,
  decodePicture,
  encodePicture,
  msSsim,
  psnr,
  type RgbPicture,
  restore,
  toRgb,
} from '@funhash/images';
import { load, useBackend } from '@funhash/layers';
import { encodeJpeg, type Kind } from './encoders.ts';

const { values: given } = parseArgs({
  options: {
    photos: { type: 'string', default: 'kodak' },
    kinds: { type: 'string', default: 'moz420' },
    qualities: { type: 'string', default: '10,20,30,45,75' },
    steps: { type: 'string', default: '0' },
    weight: { type: 'string', default: '2e-4' },
    objective: { type: 'string', default: 'l1' },
    tune: { type: 'string', default: 'auto' },
    only: { type: 'string' },
    threads: { type: 'string', default: '1' },
    base: { type: 'string' },
  },
});
await useBackend('wasm', { threads: Number(given.threads) });
const net = given.base === undefined ? await baseNet() : await load(given.base);
const kinds = given.kinds.split(',') as Kind[];
const qualities = given.qualities.split(',').map(Number);
const steps = Number(given.steps);
const names = readdirSync(resolve(given.photos))
  .filter((name) => name.endsWith('.png'))
  .filter((name) => given.only === undefined || given.only.split(',').includes(name.slice(0, 2)))
  .sort();

type Measure = 'luma' | 'rgb' | 'msSsim';
interface Point {
  readonly rate: number;
  readonly extra: number;
  readonly measures: Readonly<Record<Measure, number>>;
}
const measuresOf = (picture: RgbPicture, original: RgbPicture): Point['measures'] => ({
  ...psnr(picture, original),
  msSsim: -10 * Math.log10(1 - msSsim(picture, original)),
});
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

for (const kind of kinds) {
  const ways = ['jpeg', 'base', ...(steps > 0 ? ['tuned'] : [])] as const;
  const curves = new Map<string, Point[][]>(ways.map((way) => [way, []]));
  for (const name of names) {
    const { width, height, data } = await decodePng(readFileSync(join(resolve(given.photos), name)), {
      channels: 3,
    });
    const original = { width, height, data };
    const points = new Map<string, Point[]>(ways.map((way) => [way, []]));
    for (const quality of qualities) {
      const jpeg = await encodeJpeg(original, quality, kind);
      const put = (way: string, picture: RgbPicture, bytes: number): void =>
        void points.get(way)?.push({
          rate: (8 * bytes) / (width * height),
          extra: bytes - jpeg.length,
          measures: measuresOf(picture, original),
        });
      const decoded = decodeJpeg(jpeg);
      put('jpeg', toRgb(decoded), jpeg.length);
      // A file that says "base" has 14 bytes more.
      put('base', toRgb(restore(decoded, net)), jpeg.length + 14);
      if (steps > 0) {
        const { bytes } = await encodePicture(jpeg, original, net, {
          steps,
          weight: Number(given.weight),
          objective: given.objective as 'l1',
          tune: given.tune as 'all',
        });
        put('tuned', decodePicture(bytes, net), bytes.length);
      }
    }
    for (const way of ways) curves.get(way)?.push(points.get(way) as Point[]);
    console.error(
      `${kind} ${name}: ${ways
        .slice(1)
        .map((way) => `${way} ${savings(points.get('jpeg') as Point[], points.get(way) as Point[])}`)
        .join('; ')}`,
    );
  }
  console.log(
    `\n| ${kind} | bits a pixel | PSNR luma | PSNR RGB | MS-SSIM, dB | extra bytes |\n| --- | --- | --- | --- | --- | --- |`,
  );
  for (const [k, quality] of qualities.entries())
    for (const way of ways) {
      const points = (curves.get(way) as Point[][]).map((each) => each[k] as Point);
      const column = (of: (point: Point) => number, digits: number): string =>
        mean(points.map(of)).toFixed(digits);
      console.log(
        `| ${quality}, ${way} | ${column((p) => p.rate, 3)} | ${column((p) => p.measures.luma, 2)} | ` +
          `${column((p) => p.measures.rgb, 2)} | ${column((p) => p.measures.msSsim, 2)} | ${column((p) => p.extra, 0)} |`,
      );
    }
  for (const way of ways.slice(1)) {
    const rates = (measure: Measure): number[] =>
      (curves.get(way) as Point[][]).map((each, k) =>
        rateOf(measure, curves.get('jpeg')?.[k] as Point[], each),
      );
    const shown = (['luma', 'rgb', 'msSsim'] as const).map((measure) => {
      const all = rates(measure).sort((a, b) => a - b);
      return `${measure} ${mean(all).toFixed(1)} % (${all[0]?.toFixed(1)} to ${all.at(-1)?.toFixed(1)})`;
    });
    console.log(`\nBjøntegaard rate, ${kind}, ${way}, mean over ${names.length} photos: ${shown.join(', ')}`);
  }
}

function rateOf(measure: Measure, anchor: readonly Point[], curve: readonly Point[]): number {
  const points = (each: readonly Point[]) =>
    each.map(({ rate, measures }) => ({ rate, quality: measures[measure] }));
  return bjontegaard(points(anchor), points(curve));
}

function savings(anchor: readonly Point[], curve: readonly Point[]): string {
  return (['luma', 'rgb', 'msSsim'] as const)
    .map((measure) => `${measure} ${rateOf(measure, anchor, curve).toFixed(1)} %`)
    .join(', ');
}
