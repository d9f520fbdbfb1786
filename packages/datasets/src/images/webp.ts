import { requireBytes } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { importOptional, resolve } from '#here';
import { DataAbsentError, DataFormatError } from '../errors.ts';

/** Pixels of a picture, [height, width, 4] with alpha last. */
interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

const text = (bytes: Uint8Array, from: number): string =>
  Array.from(bytes.subarray(from, from + 4), (byte) => String.fromCharCode(byte)).join('');

/** Whether bytes begin as a WebP does. */
export function isWebp(bytes: Uint8Array): boolean {
  requireBytes('isWebp', 'bytes', bytes);
  return text(bytes, 0) === 'RIFF' && text(bytes, 8) === 'WEBP';
}

/** The size that the first chunk states (RFC 9649, sections 2.5 to 2.7 and 3.4); undefined where it states none. */
function sizeIn(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  const byte = (at: number): number => bytes[at] as number;
  if (bytes.length < 30) return undefined;
  const kind = text(bytes, 12);
  if (kind === 'VP8X') {
    const at = (from: number): number => 1 + (byte(from) | (byte(from + 1) << 8) | (byte(from + 2) << 16));
    return { width: at(24), height: at(27) };
  }
  if (kind === 'VP8L' && byte(20) === 0x2f)
    return {
      width: 1 + (byte(21) | ((byte(22) & 0x3f) << 8)),
      height: 1 + ((byte(22) >> 6) | (byte(23) << 2) | ((byte(24) & 0x0f) << 10)),
    };
  if (kind === 'VP8 ' && byte(23) === 0x9d && byte(24) === 0x01 && byte(25) === 0x2a)
    return {
      width: byte(26) | ((byte(27) & 0x3f) << 8),
      height: byte(28) | ((byte(29) & 0x3f) << 8),
    };
  return undefined;
}

/** Reads one picture; `background` is the grey level behind what is transparent. */
export type WebpDecoder = (
  bytes: Uint8Array,
  options: { readonly source: string; readonly background: number; readonly mostPixels: number },
) => Promise<{ readonly width: number; readonly height: number; readonly data: Uint8Array }>;

/**
 * A decoder of pictures that stand still, as [height, width, 3], by the npm package `@jsquash/webp`: libwebp as WebAssembly. Node only.
 *
 * @throws DataAbsentError when it is not installed; the decoder throws DataFormatError for a damaged file, one of more pixels than
 * allowed, and one that moves
 */
export async function webpDecoder(operation: string): Promise<WebpDecoder> {
  const decode = await decoderOf(operation);
  return async (bytes, { source, background, mostPixels }) => {
    const refuse = (expected: string, actual: string, cause?: unknown): never => {
      throw new DataFormatError(source, 0, { operation, expected, actual }, { cause });
    };
    const stated = sizeIn(bytes) ?? refuse('a WebP with its size', 'none');
    const pixels = stated.width * stated.height;
    const shown = `${stated.width} × ${stated.height}`;
    if (pixels > mostPixels) refuse(`at most ${mostPixels} pixels`, shown);
    const moves = text(bytes, 12) === 'VP8X' && ((bytes[20] as number) & 2) !== 0;
    if (moves) refuse('a picture that stands still', 'an animation');
    const decoded = await decode(bytes.slice().buffer).catch((cause: unknown) =>
      refuse('a whole WebP', cause instanceof Error ? `"${cause.message}"` : String(cause), cause),
    );
    const { width, height, data } = decoded;
    if (width !== stated.width || height !== stated.height || data.length !== 4 * pixels)
      refuse(`${shown}, as the file says`, `${width} × ${height}`);
    return { width, height, data: over(background, data) };
  };
}

/** Colours in front of a grey. */
function over(grey: number, rgba: Rgba['data']): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = (rgba[from + 3] as number) / 255;
    for (let c = 0; c < 3; c++)
      rgb[to + c] = Math.round(alpha * (rgba[from + c] as number) + (1 - alpha) * grey);
  }
  return rgb;
}

interface WebpModule {
  readonly default: (bytes: ArrayBuffer) => Promise<Rgba>;
  readonly init: (code: WebAssembly.Module) => Promise<void>;
}

let loaded: Promise<WebpModule['default']> | undefined;

function decoderOf(operation: string): Promise<WebpModule['default']> {
  loaded ??= load().catch((cause: unknown) => {
    loaded = undefined;
    throw new DataAbsentError(
      {
        operation,
        expected: 'the npm package @jsquash/webp',
        actual: 'no such package',
        remedy: 'Install it with `npm i @jsquash/webp`, or convert the pictures to PNG.',
      },
      { cause },
    );
  });
  return loaded;
}

async function load(): Promise<WebpModule['default']> {
  const { default: decode, init } = (await importOptional('@jsquash/webp/decode.js')) as WebpModule;
  const { readFile } = nodeModule('node:fs/promises');
  const { fileURLToPath } = nodeModule('node:url');
  const path = fileURLToPath(resolve('@jsquash/webp/codec/dec/webp_dec.wasm'));
  await init(await WebAssembly.compile(await readFile(path)));
  return decode;
}
