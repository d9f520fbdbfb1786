import { checkOptions, type OptionsOf, option, requireBytes } from '@funhash/hashing';
import { inflated, mostInflation } from '@funhash/hashing/streams';
import {
  colourTypes,
  type PngParts,
  type PngRefusal,
  pngRefusal,
  readPngHeader,
  readPngParts,
} from './png-chunks.ts';

/** Levels 0–255, row by row: `data` is `[height, width, channels]`; of four channels the last is alpha. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

const limits = {
  /** The name of the file in errors. Default `PNG data`. */
  source: option.text(),
  /** Refuse pictures of more pixels. Default 2^24. */
  maxPixels: option.count(),
};

const rules = {
  ...limits,
  /** 1 for grey (Rec. 601 luma), 3 for red, green and blue, 4 for these and alpha, colours as they are in the file. Default 1. */
  channels: option.oneOf([1, 3, 4]),
  /** Grey level that shows through transparent pixels: 255 for white, 0 for black. Default: such pictures are refused. */
  background: option.integer({ least: 0, most: 255 }),
};

const defaultMaxPixels = 2 ** 24;
const defaultSource = 'PNG data';

/**
 * Width and height of a PNG picture, by its header alone.
 *
 * @throws DataFormatError for what is no PNG
 */
export function pngSize(
  bytes: Uint8Array,
  options: OptionsOf<typeof limits> = {},
): { readonly width: number; readonly height: number } {
  checkOptions('pngSize', limits, options);
  const { source = defaultSource, maxPixels = defaultMaxPixels } = options;
  const { width, height } = readPngHeader(requireBytes('pngSize', 'a file', bytes), source, maxPixels);
  return { width, height };
}

/**
 * The pixels of a PNG picture of any colour type, depth and interlacing, in 8 bits. A file is taken as hostile:
 * checksums are compared, sizes are bounded before anything is inflated, a picture is whole or refused, and memory beside
 * the pixels is a few rows. Transparent pixels are mixed with `background`, or, of four
 * channels, left as they are.
 *
 * Own code, on the inflater of the platform: pngjs 7 gives stray memory for cut files, fast-png 8 zeros for a short last
 * row, no checksum of the content, and wrong pixels of interlaced pictures below 8 bits; neither bounds what it inflates.
 * Source: ISO/IEC 15948, Portable Network Graphics.
 *
 * @throws DataFormatError for a file that is damaged, cut short or too large, or transparent without a `background`
 */
export async function decodePng(file: Uint8Array, options: OptionsOf<typeof rules> = {}): Promise<Picture> {
  checkOptions('decodePng', rules, options);
  const bytes = requireBytes('decodePng', 'a file', file);
  const { source = defaultSource, maxPixels = defaultMaxPixels, channels = 1, background } = options;
  const refuse = pngRefusal(source);
  const parts = readPngParts(bytes, source, maxPixels);
  const { width, height, data: compressed } = parts;
  const passes = passesOf(parts);
  const promised = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  const given = compressed.reduce((sum, { length }) => sum + length, 0);
  if (promised > mostInflation * given)
    refuse(0, `${width} × ${height} pixels in the file`, `${given} compressed bytes, which cannot hold them`);

  const data = new Uint8Array(width * height * channels);
  const paint = painter(parts, data, channels, background, refuse);
  const rows = rowsOf(passes, parts);
  let row = rows.next();
  let filled = 0;
  for await (const chunk of whole(inflated(compressed, 'deflate'), refuse)) {
    for (let at = 0; at < chunk.length; ) {
      if (row.done) return refuse(bytes.length, `${promised} bytes of rows`, 'more');
      const { line, finish, pass, y } = row.value;
      const taken = chunk.subarray(at, at + line.length - filled);
      line.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < line.length) continue;
      paint(finish(refuse), pass, y);
      filled = 0;
      row = rows.next();
    }
  }
  if (!row.done) refuse(bytes.length, `${promised} bytes of rows`, 'fewer');
  return { width, height, channels, data };
}

/** Chunks whose damage is refused. */
async function* whole(chunks: AsyncIterable<Uint8Array>, refuse: PngRefusal): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    refuse(0, 'whole compressed pixels', `"${(cause as Error).message}"`);
  }
}

/** A picture, or the part of it that one pass of Adam7 brings. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
  readonly rowBytes: number;
}

const wholePicture = [[0, 0, 1, 1]] as const;
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function passesOf({ width, height, depth, colours, isInterlaced }: PngParts): Pass[] {
  return (isInterlaced ? adam7 : wholePicture)
    .map(([left, top, stepX, stepY]) => {
      const columns = Math.ceil((width - left) / stepX);
      const rowBytes = Math.ceil((columns * depth * colourTypes[colours].samples) / 8);
      return { left, top, stepX, stepY, columns, rows: Math.ceil((height - top) / stepY), rowBytes };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

interface Row {
  /** The filter and the bytes, to be filled. */
  readonly line: Uint8Array;
  readonly pass: Pass;
  readonly y: number;
  /** The bytes without their filter. */
  finish(refuse: PngRefusal): Uint8Array;
}

/** All rows, pass by pass. Only a row and the one above it are kept. */
function* rowsOf(passes: readonly Pass[], { depth, colours }: PngParts): Generator<Row, undefined> {
  const pixelBytes = Math.max(1, (depth * colourTypes[colours].samples) / 8);
  for (const pass of passes) {
    let [line, above] = [new Uint8Array(1 + pass.rowBytes), new Uint8Array(1 + pass.rowBytes)];
    for (let y = 0; y < pass.rows; y++) {
      const current = line;
      const last = above;
      const finish = (refuse: PngRefusal): Uint8Array => {
        unfilter(current, last, pixelBytes, refuse);
        return current.subarray(1);
      };
      yield { line, pass, y, finish };
      [line, above] = [above, line];
    }
  }
  return undefined;
}

/** Undoes the filter of a row in place; the first byte of both rows is no part of them. */
function unfilter(line: Uint8Array, above: Uint8Array, pixelBytes: number, refuse: PngRefusal): void {
  const filter = line[0] as number;
  if (filter > 4) refuse(0, 'filters from 0 to 4', String(filter));
  const first = 1 + pixelBytes;
  // Beside the first pixel lies nothing: 0. The others have three neighbours, a to the left, b above, c above a.
  for (let k = 1; k < first && k < line.length; k++) {
    const b =
      filter === 2 || filter === 4 ? (above[k] as number) : filter === 3 ? (above[k] as number) >> 1 : 0;
    line[k] = (line[k] as number) + b;
  }
  if (filter === 1)
    for (let k = first; k < line.length; k++)
      line[k] = (line[k] as number) + (line[k - pixelBytes] as number);
  else if (filter === 2)
    for (let k = first; k < line.length; k++) line[k] = (line[k] as number) + (above[k] as number);
  else if (filter === 3)
    for (let k = first; k < line.length; k++)
      line[k] = (line[k] as number) + (((line[k - pixelBytes] as number) + (above[k] as number)) >> 1);
  else if (filter === 4)
    for (let k = first; k < line.length; k++) {
      const [a, b, c] = [line[k - pixelBytes] as number, above[k] as number, above[k - pixelBytes] as number];
      line[k] = (line[k] as number) + paeth(a, b, c);
    }
}

function paeth(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - 2 * c);
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}

type Paint = (row: Uint8Array, pass: Pass, y: number) => void;

/** Writes rows of samples as levels. */
function painter(
  { width, depth, colours, palette, transparency }: PngParts,
  to: Uint8Array,
  channels: 1 | 3 | 4,
  background: number | undefined,
  refuse: PngRefusal,
): Paint {
  const { samples } = colourTypes[colours];
  const most = 2 ** depth - 1;
  const isGrey = samples <= 2;

  function put(column: number, line: number, r: number, g: number, b: number, alpha: number): void {
    const at = (line * width + column) * channels;
    if (channels === 4) {
      to[at] = Math.round(r);
      to[at + 1] = Math.round(g);
      to[at + 2] = Math.round(b);
      to[at + 3] = Math.round(255 * alpha);
      return;
    }
    if (alpha < 1 && background === undefined)
      refuse(
        0,
        'an opaque picture, or a background',
        `a transparent pixel in column ${column}, row ${line}`,
        'Say what lies behind the picture by background: white (255) or black (0).',
      );
    const behind = alpha < 1 ? (1 - alpha) * (background as number) : 0;
    if (channels === 1) {
      to[at] = Math.round(alpha * (0.299 * r + 0.587 * g + 0.114 * b) + behind);
    } else {
      to[at] = Math.round(alpha * r + behind);
      to[at + 1] = Math.round(alpha * g + behind);
      to[at + 2] = Math.round(alpha * b + behind);
    }
  }

  function putIndexed(column: number, line: number, colour: number): void {
    const of = palette as Uint8Array;
    if (3 * colour >= of.length)
      refuse(0, `colours of a palette of ${of.length / 3}`, `the colour ${colour}`);
    const [r, g, b] = [of[3 * colour] as number, of[3 * colour + 1] as number, of[3 * colour + 2] as number];
    put(column, line, r, g, b, (transparency?.[colour] ?? 255) / 255);
  }

  // The samples of the one colour that is transparent.
  const keys =
    transparency && colours !== 3
      ? Array.from({ length: samples }, (_, k) => sampleAt(transparency, k, 16))
      : undefined;
  const unit = 255 / most;
  return (row, { left, top, stepX, stepY, columns }, y) => {
    const line = top + y * stepY;
    for (let x = 0; x < columns; x++) {
      const column = left + x * stepX;
      const k = x * samples;
      const first = sampleAt(row, k, depth);
      if (colours === 3) {
        putIndexed(column, line, first);
      } else if (isGrey) {
        const alpha = samples === 2 ? sampleAt(row, k + 1, depth) / most : keys?.[0] === first ? 0 : 1;
        put(column, line, first * unit, first * unit, first * unit, alpha);
      } else {
        const second = sampleAt(row, k + 1, depth);
        const third = sampleAt(row, k + 2, depth);
        const isKey = keys?.[0] === first && keys[1] === second && keys[2] === third;
        const alpha = samples === 4 ? sampleAt(row, k + 3, depth) / most : isKey ? 0 : 1;
        put(column, line, first * unit, second * unit, third * unit, alpha);
      }
    }
  };
}

/** The sample in this place of a row, which is within it. */
function sampleAt(row: Uint8Array, k: number, depth: number): number {
  if (depth === 8) return row[k] as number;
  if (depth === 16) return ((row[2 * k] as number) << 8) | (row[2 * k + 1] as number);
  const bit = k * depth;
  return ((row[bit >> 3] as number) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
