import { FunhashError } from '@funhash/hashing';

/** Coded bytes that cannot be decoded: damaged, cut off, or of something else. */
export class BitstreamError extends FunhashError {}

/** A refusal of bytes by an error that names the operation. */
export const refuseAs =
  (operation: string) =>
  (expected: string, actual: string): never => {
    throw new BitstreamError({ operation, expected, actual });
  };
