import { checkOptions, type OptionsOf, option, requireBytes } from '@funhash/hashing';
import { type Frame, readFrame, readQuantization } from './frame.ts';
import { type HuffmanTable, readHuffman } from './huffman.ts';
import { refuse } from './jpeg-error.ts';
import { type Plane, planeOf, upsampled } from './planes.ts';
import { decodeScan, readScan } from './scan.ts';
import { markers, segmentsOf } from './segments.ts';

export const decodeJpegRules = {
  /** Refuse pictures of more pixels. Default 2^26. */
  maxPixels: option.count(),
} as const;

/** Limits of `decodeJpeg`. */
export type DecodeJpegOptions = OptionsOf<typeof decodeJpegRules>;

/** A picture in the planes of JFIF (Rec. 601, full range), each 0 to 255 and not rounded. */
export interface PicturePlanes {
  readonly width: number;
  readonly height: number;
  /** Width and height of the planes: whole units of the file, of which the picture is the upper left. */
  readonly stride: number;
  readonly rows: number;
  /** Luma, and where there is colour two planes of chroma at the same resolution. */
  readonly planes: readonly Float32Array[];
  /** Steps of the quantiser for luma and chroma, 8 × 8, row-major. */
  readonly tables: readonly Uint16Array[];
  /** Pixels that a sample of chroma has across and down: 2 and 2 in 4:2:0. */
  readonly sampling: readonly [across: number, down: number];
}

const mostPixels = 2 ** 26;
const adobe = [0x41, 0x64, 0x6f, 0x62, 0x65] as const;
/** Most scans of a progressive file: each reads all blocks, however few bytes it has. */
const mostScans = 200;

/**
 * Decodes a JPEG, baseline or progressive, grey or YCbCr with chroma at full or half resolution, to planes. The inverse transform
 * is in f64 and chroma is interpolated as in libjpeg; nothing is rounded.
 *
 * Source: ISO/IEC 10918-1. Own code: libraries give rounded RGB that differs by up to 0.4 dB between them.
 *
 * @throws PictureError for bytes that are no such JPEG, are damaged or cut off, or have more than `maxPixels`
 */
export function decodeJpeg(bytes: Uint8Array, options: DecodeJpegOptions = {}): PicturePlanes {
  checkOptions('decodeJpeg', decodeJpegRules, options);
  const given = requireBytes('decodeJpeg', 'a JPEG', bytes);
  const { maxPixels = mostPixels } = options;
  const tables: Uint16Array[] = [];
  const dc: HuffmanTable[] = [];
  const ac: HuffmanTable[] = [];
  let frame: Frame | undefined;
  let interval = 0;
  let scans = 0;
  let isRgb = false;
  for (const { marker, body, end } of segmentsOf(given)) {
    switch (marker) {
      case markers.quantization:
        readQuantization(body, tables);
        break;
      case markers.huffman:
        readHuffman(body, dc, ac);
        break;
      case markers.restart:
        interval = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
        break;
      case markers.baseline:
      case markers.extended:
      case markers.progressive:
        if (frame) refuse('one picture', 'two');
        frame = readFrame(body, marker === markers.progressive, Math.min(maxPixels, pixelsIn(given.length)));
        break;
      case markers.scan:
        if (!frame) refuse('the size of the picture before its scans', 'none');
        if (++scans > mostScans) refuse(`at most ${mostScans} scans`, 'more');
        decodeScan(given, end, readScan(body, frame, dc, ac), frame, interval);
        break;
      case markers.application + 14:
        // Adobe's segment: 1 says YCbCr; 0 says that three components are red, green and blue.
        if (body.length >= 12 && adobe.every((byte, k) => body[k] === byte) && body[11] === 0) isRgb = true;
        break;
      default:
        if (marker > markers.progressive && marker < 0xd0 && marker !== 0xc8 && marker !== 0xcc)
          refuse('a baseline or progressive JPEG', `marker 0x${marker.toString(16)}`);
    }
  }
  if (!frame || scans === 0) refuse('a picture', 'none');
  if (isRgb && frame.components.length === 3) refuse('luma and chroma', 'red, green and blue');
  return planesOf(frame, tables);
}

/** Pixels that a file of so many bytes may have: each block takes a bit of the first scan. */
const pixelsIn = (bytes: number): number => 64 * 8 * bytes;

function planesOf(frame: Frame, tables: readonly Uint16Array[]): PicturePlanes {
  const { width, height, mostAcross, mostDown, unitsAcross, unitsDown } = frame;
  const used = frame.components.map(
    ({ table }) => tables[table] ?? refuse('a quantisation table for each component', 'none'),
  );
  const planes = frame.components.map((component, k): Plane => {
    const plane = planeOf(component, used[k] as Uint16Array);
    return upsampled(plane, mostAcross / component.across, mostDown / component.down, { width, height });
  });
  return {
    width,
    height,
    stride: unitsAcross * mostAcross * 8,
    rows: unitsDown * mostDown * 8,
    planes: planes.map(({ data }) => data),
    tables: used.slice(0, 2),
    sampling: [mostAcross, mostDown],
  };
}
