import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type RgbPicture, toRgba } from '@funhash/images';
import encode, { init } from '@jsquash/jpeg/encode.js';
import { encodePpm } from './ppm.ts';

/** An encoder and its form of chroma: mozjpeg as WebAssembly, or the `cjpeg` of libjpeg-turbo where that is installed. */
export type Kind = 'moz420' | 'moz444' | 'plain420' | 'plain444';

let ready: Promise<void> | undefined;

/** A JPEG of a picture. `plain` needs `apt-get install libjpeg-turbo-progs`. */
export async function encodeJpeg(picture: RgbPicture, quality: number, kind: Kind): Promise<Uint8Array> {
  if (kind.startsWith('plain')) {
    const sampling = kind.endsWith('420') ? '2x2' : '1x1';
    const args = ['-quality', String(quality), '-optimize', '-sample', sampling];
    return execFileSync('cjpeg', args, { input: encodePpm(picture), maxBuffer: 2 ** 28, stdio: 'pipe' });
  }
  ready ??= (async () => {
    const path = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm');
    await init(await WebAssembly.compile(await readFile(path)));
  })();
  await ready;
  const { width, height, data } = toRgba(picture);
  const subsample = kind.endsWith('420') ? 2 : 1;
  const options = { quality, auto_subsample: false, chroma_subsample: subsample };
  return new Uint8Array(await encode({ width, height, data, colorSpace: 'srgb' }, options));
}
