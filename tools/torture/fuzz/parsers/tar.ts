import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadCifar10 } from '@funhash/datasets';
import { changedGzip } from '../changes/gzip.ts';
import { changedTar, encodeTar } from '../changes/tar.ts';
import { oneIn } from '../draw.ts';
import type { Parser } from '../parser.ts';
import { photographs } from '../photographs.ts';

/** Reads an archive of CIFAR-10, packed or not. */
export async function readArchive(archive: Uint8Array, folder: string): Promise<void> {
  const path = join(folder, 'archive.tar');
  writeFileSync(path, archive);
  await loadCifar10({ dir: path, verify: false });
}

const records = new Uint8Array(3073 * 2);
const batch = (name: string) => ({ name: `cifar-10-batches-bin/${name}`, bytes: records });

/** Archives of photographs and of binary batches. */
export const tar: Parser = {
  name: 'tar',
  share: 2,
  samples: async () => {
    const [cat, dog] = photographs() as [Uint8Array, Uint8Array];
    const jpegs = encodeTar([
      { name: 'train/cat/1.jpg', bytes: cat },
      { name: 'test/dog/1.jpg', bytes: dog },
    ]);
    const binary = encodeTar([
      ...[1, 2, 3, 4, 5].map((k) => batch(`data_batch_${k}.bin`)),
      batch('test_batch.bin'),
      { name: 'cifar-10-batches-bin/readme.html', bytes: new Uint8Array(10) },
    ]);
    return [jpegs, binary, gzipSync(jpegs)];
  },
  change: (sample, draw) => {
    if (sample[0] === 0x1f) return changedGzip(sample, draw);
    const changed = changedTar(sample, draw);
    return oneIn(draw, 20) ? changedGzip(changed, draw) : changed;
  },
  read: readArchive,
};
