import { inflateBytes } from '@funhash/codec';
import { random } from '@funhash/hashing';
import { noise } from '../changes/bytes.ts';
import { changedGzip } from '../changes/gzip.ts';
import type { Parser } from '../parser.ts';

/** Content that may take a megabyte. */
export const gzip: Parser = {
  name: 'gzip',
  share: 4,
  samples: async () => [
    new Uint8Array(0),
    new Uint8Array(3000),
    noise(2000, random(1)),
    new TextEncoder().encode('é'.repeat(99)),
  ],
  change: changedGzip,
  read: async (input) => {
    await inflateBytes(input, { maxBytes: 2 ** 20 });
  },
};
