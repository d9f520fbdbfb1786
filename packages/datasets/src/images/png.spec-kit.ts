import { deflateSync } from 'node:zlib';
import { crc32, type Random } from '@funhash/hashing';

/** A picture to be written: whole numbers below 2^depth, [height, width, samples]. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colours: 0 | 2 | 3 | 4 | 6;
  readonly isInterlaced: boolean;
  readonly values: readonly number[];
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
}

export const samplesOf = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
const word = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** A chunk with its checksum. */
export function chunk(type: string, data: ArrayLike<number>): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), Uint8Array.from(data)]);
  return Buffer.concat([Uint8Array.from(word(data.length)), body, Uint8Array.from(word(crc32(body)))]);
}

export const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function header({ width, height, depth, colours, isInterlaced }: Omit<Samples, 'values'>): Buffer {
  return chunk('IHDR', [...word(width), ...word(height), depth, colours, 0, 0, isInterlaced ? 1 : 0]);
}

const starts = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Rows under filters that are drawn, pass by pass. */
export function filteredRows(picture: Samples, draws: Random): number[] {
  const { width, height, depth, colours, isInterlaced, values } = picture;
  const samples = samplesOf[colours];
  const distance = Math.max(1, (samples * depth) >> 3);
  const rows: number[] = [];
  for (const [left, top, stepX, stepY] of isInterlaced ? starts : ([[0, 0, 1, 1]] as const)) {
    let above: number[] = [];
    for (let y = top; y < height && left < width; y += stepY) {
      const bits: number[] = [];
      for (let x = left; x < width; x += stepX)
        for (let s = 0; s < samples; s++) {
          const value = values[(y * width + x) * samples + s] as number;
          for (let bit = depth - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
        }
      const row: number[] = [];
      for (let at = 0; at < bits.length; at += 8)
        row.push(Array.from({ length: 8 }, (_, k) => (bits[at + k] ?? 0) << (7 - k)).reduce((a, b) => a | b));
      const filter = draws.integer(5);
      const at = (from: readonly number[], k: number): number => (k < 0 ? 0 : (from[k] ?? 0));
      rows.push(
        filter,
        ...row.map((byte, k) => {
          const [a, b, c] = [at(row, k - distance), at(above, k), at(above, k - distance)];
          const p = a + b - c;
          const nearest = [a, b, c].reduce((best, next) =>
            Math.abs(p - next) < Math.abs(p - best) ? next : best,
          );
          return (byte - ([0, a, b, (a + b) >> 1, nearest][filter] as number)) & 255;
        }),
      );
      above = row;
    }
  }
  return rows;
}

/** A PNG file, its compressed rows in pieces of drawn length. */
export function encodePng(picture: Samples, draws: Random): Buffer {
  const compressed = deflateSync(Uint8Array.from(filteredRows(picture, draws)));
  const pieces: Buffer[] = [];
  for (let at = 0; at < compressed.length; ) {
    const next = Math.min(compressed.length, at + 1 + draws.integer(40));
    pieces.push(chunk('IDAT', compressed.subarray(at, next)));
    at = next;
  }
  return Buffer.concat([
    signature,
    header(picture),
    ...(picture.palette ? [chunk('PLTE', picture.palette)] : []),
    ...(picture.transparency ? [chunk('tRNS', picture.transparency)] : []),
    chunk('tEXt', Buffer.from('Comment\0drawn')),
    ...pieces,
    chunk('IEND', []),
  ]);
}
