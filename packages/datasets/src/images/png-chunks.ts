import { crc32, printable, requireBytes } from '@funhash/hashing';
import { DataFormatError } from '../errors.ts';

/** What the header of a PNG file says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colours: ColourType;
  readonly isInterlaced: boolean;
}

/** The parts of a PNG file that decide its pixels. */
export interface PngParts extends PngHeader {
  /** Red, green and blue of each colour of the palette. */
  readonly palette: Uint8Array | undefined;
  /** Alpha of each colour of the palette, or the samples of the one colour that is transparent, 2 bytes each. */
  readonly transparency: Uint8Array | undefined;
  /** Compressed rows, in pieces. */
  readonly data: readonly Uint8Array[];
}

/** Samples of a pixel and their depths, by the colour type of the header (table 11.1 of the standard). */
export const colourTypes = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
} as const;
type ColourType = keyof typeof colourTypes;

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const headerLength = 13;

export type PngRefusal = (byteOffset: number, expected: string, actual: string, remedy?: string) => never;

/** Refuses a file of this name. */
export function pngRefusal(source: string): PngRefusal {
  return (
    byteOffset,
    expected,
    actual,
    remedy = 'Get the picture again: it is damaged, cut short or no PNG.',
  ) => {
    throw new DataFormatError(source, byteOffset, { operation: 'decodePng', expected, actual, remedy });
  };
}

/** Whether bytes begin as PNG files do. @throws ArgumentError for what is no bytes */
export function isPng(bytes: Uint8Array): boolean {
  const given = requireBytes('isPng', 'bytes', bytes);
  return signature.every((byte, k) => given[k] === byte);
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Place of the data in the file. */
  readonly at: number;
}

function* chunksOf(bytes: Uint8Array, refuse: PngRefusal): Generator<Chunk> {
  if (!isPng(bytes)) refuse(0, 'the signature of PNG', 'other bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = signature.length; ; ) {
    if (at + 12 > bytes.length) return refuse(bytes.length, 'a chunk', 'the end of the file');
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) refuse(at + 4, 'the name of a chunk, four letters', printable(type));
    if (length > bytes.length - at - 12)
      refuse(bytes.length, `${length} bytes in the chunk ${type}`, 'the end of the file');
    const end = at + 8 + length;
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end))
      refuse(end, `the checksum of the chunk ${type}`, 'another one');
    yield { type, data: bytes.subarray(at + 8, end), at: at + 8 };
    at = end + 4;
  }
}

/** @throws DataFormatError for what is no PNG, has more pixels than `maxPixels`, or a form that the standard has not */
export function readPngHeader(bytes: Uint8Array, source: string, maxPixels: number): PngHeader {
  const refuse = pngRefusal(source);
  const [first] = take(chunksOf(bytes, refuse), 1);
  return headerOf(first as Chunk, maxPixels, refuse);
}

function take<T>(all: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const each of all) if (taken.push(each) >= count) break;
  return taken;
}

function headerOf({ type, data, at }: Chunk, maxPixels: number, refuse: PngRefusal): PngHeader {
  if (type !== 'IHDR' || data.length !== headerLength)
    refuse(at, `a chunk IHDR of ${headerLength} bytes first`, `${type} of ${data.length}`);
  const view = new DataView(data.buffer, data.byteOffset, headerLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colours, compression, filter, interlace] = data.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (!(width * height >= 1 && width * height <= maxPixels))
    refuse(at, `1 to ${maxPixels} pixels`, `${width} × ${height}`, 'Scale the picture down.');
  const isColourType = Object.hasOwn(colourTypes, colours);
  if (!isColourType || !(colourTypes[colours as ColourType].depths as readonly number[]).includes(depth))
    refuse(at + 8, 'a depth and a colour type that the standard has', `${depth} and ${colours}`);
  if (compression !== 0 || filter !== 0 || interlace > 1)
    refuse(at + 10, 'compression 0, filter 0, interlacing 0 or 1', `${compression}, ${filter}, ${interlace}`);
  return { width, height, depth, colours: colours as ColourType, isInterlaced: interlace === 1 };
}

/**
 * The parts of a PNG file (ISO/IEC 15948), checked to be whole, in order and with right checksums. Nothing is copied or
 * inflated.
 *
 * @throws DataFormatError with the place of the first byte that is wrong
 */
export function readPngParts(bytes: Uint8Array, source: string, maxPixels: number): PngParts {
  const refuse = pngRefusal(source);
  let header: PngHeader | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const data: Uint8Array[] = [];
  let before = '';
  for (const chunk of chunksOf(bytes, refuse)) {
    const { type, at } = chunk;
    if (header === undefined) {
      header = headerOf(chunk, maxPixels, refuse);
    } else if (type === 'IDAT') {
      if (data.length > 0 && before !== 'IDAT') refuse(at, 'all chunks IDAT in a row', `one after ${before}`);
      data.push(chunk.data);
    } else if (type === 'PLTE') {
      if (palette || transparency || data.length > 0)
        refuse(at, 'one palette, before transparency and pixels', 'another one');
      palette = paletteOf(chunk, header, refuse);
    } else if (type === 'tRNS') {
      if (transparency || data.length > 0) refuse(at, 'one chunk tRNS, before the pixels', 'another one');
      transparency = transparencyOf(chunk, header, palette, refuse);
    } else if (type === 'IEND') {
      if (data.length === 0) refuse(at, 'a chunk IDAT', 'none');
      if (header.colours === 3 && !palette) refuse(at, 'a palette', 'none');
      return { ...header, palette, transparency, data };
    } else if (!/^[a-z]/.test(type)) {
      refuse(at, 'no unknown chunk that pixels depend on', type);
    }
    before = type;
  }
  return refuse(bytes.length, 'a chunk IEND', 'the end of the file');
}

function paletteOf({ data, at }: Chunk, { colours, depth }: PngHeader, refuse: PngRefusal): Uint8Array {
  const most = colours === 3 ? 2 ** depth : 256;
  const isAllowed = colours === 3 || colours === 2 || colours === 6;
  if (!isAllowed || data.length % 3 !== 0 || data.length < 3 || data.length > 3 * most)
    refuse(at, `a palette of 1 to ${most} colours where there is one`, `${data.length} bytes`);
  return data;
}

function transparencyOf(
  { data, at }: Chunk,
  { colours }: PngHeader,
  palette: Uint8Array | undefined,
  refuse: PngRefusal,
): Uint8Array {
  const isRight =
    colours === 3
      ? data.length >= 1 && data.length <= (palette?.length ?? 0) / 3
      : colours <= 2 && data.length === 2 * colourTypes[colours].samples;
  if (!isRight)
    refuse(at, 'transparency that fits the colours', `${data.length} bytes for colour type ${colours}`);
  return data;
}
