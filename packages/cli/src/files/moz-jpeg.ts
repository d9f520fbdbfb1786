import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type RgbPicture, toRgba } from '@funhash/images';
import { optionalPackage } from './optional-package.ts';

type Encode = typeof import('@jsquash/jpeg/encode.js')['default'];

let encoder: Promise<Encode> | undefined;

/** Loads the encoder, which those who encode no pictures need not install. @throws UsageError where it is not installed */
async function loadEncoder(): Promise<Encode> {
  const { default: encode, init } = await optionalPackage(
    '@jsquash/jpeg',
    'image encode',
    () => import('@jsquash/jpeg/encode.js'),
  );
  const path = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm');
  await init(await WebAssembly.compile(await readFile(path)));
  return encode;
}

/** A JPEG by mozjpeg as WebAssembly: no native code, and the encoder of fewest bytes. @throws UsageError */
export async function mozJpeg(
  { width, height, data: pixels }: RgbPicture,
  quality: number,
  chroma: '420' | '444',
): Promise<Uint8Array> {
  encoder ??= loadEncoder();
  const encode = await encoder;
  // As it is on white.
  const { data } = toRgba({ width, height, data: pixels });
  const options = { quality, auto_subsample: false, chroma_subsample: chroma === '420' ? 2 : 1 };
  return new Uint8Array(await encode({ width, height, data, colorSpace: 'srgb' }, options));
}
