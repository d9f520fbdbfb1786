import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { type Draw, edges, oneIn, pick } from '../draw.ts';
import { changedBytes, joined, noise, withNumber } from './bytes.ts';

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const latin = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A PNG of chunks, with the right lengths and checksums. */
function pngOf(chunks: readonly Chunk[]): Uint8Array {
  return joined([signature, ...chunks.map(chunkBytes)]);
}

function chunkBytes({ type, data }: Chunk): Uint8Array {
  const body = joined([latin(type), data]);
  const [length, sum] = [new Uint8Array(4), new Uint8Array(4)];
  new DataView(length.buffer).setUint32(0, data.length);
  new DataView(sum.buffer).setUint32(0, crc32(body));
  return joined([length, body, sum]);
}

/** A PNG of so many channels: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. */
export function encodePng(
  width: number,
  height: number,
  channels: 1 | 2 | 3 | 4,
  pixels: Uint8Array,
): Uint8Array {
  const row = width * channels;
  const lines = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, { 1: 0, 2: 4, 3: 2, 4: 6 }[channels]], 8);
  return pngOf([
    { type: 'IHDR', data: head },
    { type: 'IDAT', data: deflateSync(lines) },
    { type: 'IEND', data: new Uint8Array(0) },
  ]);
}

function chunksOf(png: Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    if (length > png.length - at - 12) break;
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

const otherChunks = ['PLTE', 'tRNS', 'gAMA', 'tEXt', 'iCCP', 'acTL', 'IDAT', 'IHDR', 'IEND', 'AAAA', 'aaaa'];

/** A PNG whose header, chunks or pixels are changed under right checksums, or whose bytes are. */
export function changedPng(png: Uint8Array, draw: Draw): Uint8Array {
  if (oneIn(draw, 8)) return changedBytes(png, draw);
  const chunks = chunksOf(png);
  const at = draw.integer(Math.max(1, chunks.length));
  const chunk = chunks[at];
  if (!chunk) return changedBytes(png, draw);
  const replaced = (...others: readonly Chunk[]): Uint8Array => pngOf(chunks.toSpliced(at, 1, ...others));
  switch (draw.integer(8)) {
    case 0:
    case 1: {
      // Width, height, depth, kind of colour, compression, filter, interlacing.
      const head = chunks.findIndex(({ type }) => type === 'IHDR');
      const data = chunks[head]?.data ?? new Uint8Array(13);
      const changed = oneIn(draw, 2)
        ? withNumber(data, pick(draw, [0, 4]), pick(draw, edges), 4, true)
        : withNumber(data, 8 + draw.integer(5), draw.integer(20), 1, true);
      return pngOf(chunks.toSpliced(Math.max(0, head), 1, { type: 'IHDR', data: changed }));
    }
    case 2:
      return replaced({ type: chunk.type, data: changedBytes(chunk.data, draw) });
    case 3:
      return replaced(chunk, { type: pick(draw, otherChunks), data: noise(draw.integer(300), draw) });
    case 4:
      return replaced();
    case 5:
      return replaced(chunk, chunk);
    case 6:
      return replaced({ type: pick(draw, otherChunks), data: chunk.data });
    default:
      return pngOf(chunks.map((each) => (each.type === 'IDAT' ? changedPixels(each, draw) : each)));
  }
}

/** Pixels cut short, longer, under other filters, or a bomb. */
function changedPixels({ type, data }: Chunk, draw: Draw): Chunk {
  if (oneIn(draw, 500)) return { type, data: deflateSync(new Uint8Array(2 ** 26)) };
  try {
    return { type, data: deflateSync(changedBytes(inflateSync(data), draw)) };
  } catch {
    return { type, data: changedBytes(data, draw) };
  }
}
