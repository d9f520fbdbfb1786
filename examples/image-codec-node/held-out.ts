import { join, resolve } from 'node:path';
import {
  decodeJpeg,
  type PicturePair,
  psnr,
  type RgbPicture,
  restore,
  toPlanes,
  toRgb,
} from '@funhash/images';
import type { Module } from '@funhash/layers';
import { encodeJpeg, type Kind } from './encoders.ts';
import { readPpm } from './ppm.ts';

/** Photos that nothing is trained on. */
export const heldOut = ['coffee', 'LadyBird', 'picosdeeuropa_by_Aitzol_Berasategi', 'TwoWings'] as const;

export interface NamedPair extends PicturePair {
  readonly name: string;
  readonly picture: RgbPicture;
}

/** A photo, coded at each quality in the kind that stands beside it. */
export async function pairsOf(
  photos: string,
  name: string,
  how: readonly (readonly [number, Kind])[],
): Promise<NamedPair[]> {
  const picture = readPpm(join(resolve(photos), `${name}.ppm`));
  const original = toPlanes(picture);
  const pairs: NamedPair[] = [];
  for (const [quality, kind] of how) {
    const decoded = decodeJpeg(await encodeJpeg(picture, quality, kind));
    pairs.push({ name: `${name} ${quality}`, decoded, original, picture });
  }
  return pairs;
}

/** Held-out photos at three qualities, mozjpeg 4:2:0. */
export async function heldOutPairs(photos: string): Promise<NamedPair[]> {
  const pairs: NamedPair[] = [];
  for (const name of heldOut)
    for (const pair of await pairsOf(photos, name, [
      [10, 'moz420'],
      [30, 'moz420'],
      [75, 'moz420'],
    ]))
      pairs.push(pair);
  return pairs;
}

/** Prints what a network adds to pictures, in decibels, and their mean. */
export function judge(net: Module, pairs: readonly NamedPair[]): void {
  const sums = { luma: 0, rgb: 0 };
  for (const { name, decoded, picture } of pairs) {
    const before = psnr(toRgb(decoded), picture);
    const after = psnr(toRgb(restore(decoded, net)), picture);
    sums.luma += after.luma - before.luma;
    sums.rgb += after.rgb - before.rgb;
    console.log(
      `${name}: luma ${before.luma.toFixed(2)} → ${after.luma.toFixed(2)}, rgb ${before.rgb.toFixed(2)} → ${after.rgb.toFixed(2)} dB`,
    );
  }
  const [luma, rgb] = [sums.luma, sums.rgb].map((sum) => (sum / pairs.length).toFixed(3));
  console.log(`mean gain: luma ${luma}, rgb ${rgb} dB`);
}
