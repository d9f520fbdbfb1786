import { random } from '@funhash/hashing';
import jpeg from 'jpeg-js';
import { noise } from './changes/bytes.ts';

/** Colour JPEGs of 32 × 32, of two qualities. */
export const photographs = (): readonly Uint8Array[] =>
  [50, 95].map(
    (quality) =>
      jpeg.encode({ width: 32, height: 32, data: Buffer.from(noise(4096, random(quality))) }, quality).data,
  );
