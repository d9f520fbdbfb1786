import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeIdx, loadMnist } from '@funhash/datasets';
import { changedGzip } from '../changes/gzip.ts';
import { changedIdx } from '../changes/idx.ts';
import { type Draw, oneIn } from '../draw.ts';
import type { Parser } from '../parser.ts';

const images = (count: number, side: number): Uint8Array =>
  encodeIdx({ dtype: 'u8', shape: [count, side, side], data: new Uint8Array(count * side * side).fill(7) });
const labels = (count: number): Uint8Array =>
  encodeIdx({ dtype: 'u8', shape: [count], data: Uint8Array.from({ length: count }, (_, k) => k % 10) });

const others = {
  't10k-images-idx3-ubyte': images(2, 28),
  't10k-labels-idx1-ubyte': labels(2),
  'train-labels-idx1-ubyte': labels(3),
};

/** The images of a data set of four files, plain or packed: the others are whole. */
export const idxFolder: Parser = {
  name: 'idx-folder',
  share: 2,
  samples: async () => [images(3, 28), images(1, 28)],
  change: (sample, draw: Draw) =>
    oneIn(draw, 2)
      ? changedIdx(sample, draw)
      : changedGzip(oneIn(draw, 2) ? changedIdx(sample, draw) : sample, draw),
  read: async (input, folder) => {
    const isPacked = input[0] === 0x1f;
    for (const [name, bytes] of Object.entries(others)) writeFileSync(join(folder, name), bytes);
    // An empty plain file would be read before a packed one.
    for (const suffix of ['', '.gz'])
      rmSync(join(folder, `train-images-idx3-ubyte${suffix}`), { force: true });
    writeFileSync(join(folder, `train-images-idx3-ubyte${isPacked ? '.gz' : ''}`), input);
    await loadMnist({ dir: folder, verify: false });
  },
};
