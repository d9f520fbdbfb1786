import { FunhashError } from '@funhash/hashing';

/** A JPEG, or a picture made of one, that cannot be read: damaged, cut off, of a kind that is not supported, too large. */
export class PictureError extends FunhashError {}

/** @throws PictureError */
export function refuse(expected: string, actual: string): never {
  throw new PictureError({ operation: 'decodeJpeg', expected, actual });
}
