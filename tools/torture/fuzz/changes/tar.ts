import { type Draw, oneIn, pick } from '../draw.ts';
import { changedBytes, joined, spliced } from './bytes.ts';

export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const block = 512;

/** A tar archive (ustar). */
export function encodeTar(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, bytes }) => {
    const header = new Uint8Array(block);
    write(header, 0, name);
    write(header, 100, '0000644\0');
    write(header, 124, `${bytes.length.toString(8).padStart(11, '0')}\0`);
    header[156] = 0x30;
    write(header, 257, 'ustar\x0000');
    stamp(header);
    return [header, bytes, new Uint8Array((block - (bytes.length % block)) % block)];
  });
  return joined([...blocks, new Uint8Array(2 * block)]);
}

/** Fields of a header: place and length. */
const fields = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [148, 8],
  [156, 1],
  [157, 100],
  [257, 6],
  [263, 2],
  [345, 155],
] as const;

const texts = [
  ...[
    '77777777777',
    '00000000000',
    '37777777777',
    '99999999999',
    '-0000000001',
    '           ',
    '\x80\xff\xff\xff\xff',
  ],
  ...[
    '../../x',
    'train/cat/\u001b[2J.jpg',
    'train/zebra/1.jpg',
    'test/cat/a.jpg',
    'data_batch_1.bin',
    'x'.repeat(100),
  ],
  ...['L', 'x', 'g', '5', '1', '2', '\0', 'ustar ', '0000000001', '0000001000'],
];

/** A tar archive whose headers are changed under right checksums, or whose bytes are. */
export function changedTar(archive: Uint8Array, draw: Draw): Uint8Array {
  if (oneIn(draw, 6)) return changedBytes(archive, draw);
  const headers: number[] = [];
  for (let at = 0; at + block <= archive.length; at += block)
    if (String.fromCharCode(...archive.subarray(at + 257, at + 262)) === 'ustar') headers.push(at);
  if (headers.length === 0) return changedBytes(archive, draw);
  const at = pick(draw, headers);
  if (oneIn(draw, 10)) return spliced(archive, at, block * draw.integer(3), archive.subarray(at, at + block));
  const changed = archive.slice();
  const header = changed.subarray(at, at + block);
  const [place, length] = pick(draw, fields);
  if (oneIn(draw, 3)) header[place + draw.integer(length)] = draw.integer(256);
  else write(header, place, pick(draw, texts).slice(0, length));
  if (!oneIn(draw, 12)) stamp(header);
  return changed;
}

function write(header: Uint8Array, at: number, text: string): void {
  for (let k = 0; k < text.length; k++) header[at + k] = text.charCodeAt(k);
}

function stamp(header: Uint8Array): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  write(header, 148, `${sum.toString(8).padStart(6, '0')}\0 `);
}
