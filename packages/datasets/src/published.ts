import { nodeModule } from '@funhash/hashing/node';
import { ChecksumError } from './errors.ts';

/**
 * Compares bytes with a published MD5 checksum. Node only.
 *
 * @param howToGet sentence for the error
 * @throws ChecksumError where they differ
 */
export function requirePublished(
  operation: string,
  path: string,
  bytes: Uint8Array,
  md5: string,
  howToGet: string,
): void {
  const actual = nodeModule('node:crypto').createHash('md5').update(bytes).digest('hex');
  if (actual === md5) return;
  throw new ChecksumError(path, {
    operation,
    expected: `the published MD5 ${md5}`,
    actual: `${actual} (${bytes.length} bytes)`,
    remedy: `The file is damaged or another data set. ${howToGet} For data of your own pass verify: false.`,
  });
}
