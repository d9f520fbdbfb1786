import { changedJpeg } from '../changes/jpeg.ts';
import { encodeTar } from '../changes/tar.ts';
import type { Parser } from '../parser.ts';
import { photographs } from '../photographs.ts';
import { readArchive } from './tar.ts';

const [, whole] = photographs();

/** Photographs in a whole archive. */
export const jpeg: Parser = {
  name: 'jpeg',
  share: 2,
  samples: async () => photographs(),
  change: changedJpeg,
  read: (input, folder) => {
    const files = [
      { name: 'train/cat/1.jpg', bytes: input },
      { name: 'test/dog/1.jpg', bytes: whole as Uint8Array },
    ];
    return readArchive(encodeTar(files), folder);
  },
};
