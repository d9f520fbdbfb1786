import { xxHash32 } from '@funhash/hashing';
import { dtypeOf } from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';

const [blockBytes, mostBlocks] = [256, 4096];

/**
 * What tells an array from another at a bounded cost: kind, shape, and xxHash32 of its bytes. Of more than a megabyte, the
 * hash is of 4096 blocks of 256 bytes, evenly spread from the first to the last.
 */
export function fingerprintOf({ shape, data }: NumericArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const hash = bytes.length <= blockBytes * mostBlocks ? xxHash32(bytes) : sampled(bytes);
  return `${dtypeOf(data)} [${shape.join(', ')}] ${hash.toString(16).padStart(8, '0')}`;
}

function sampled(bytes: Uint8Array): number {
  let hash = 0;
  for (let block = 0; block < mostBlocks; block++) {
    const at = Math.floor((block * (bytes.length - blockBytes)) / (mostBlocks - 1));
    hash = xxHash32(bytes.subarray(at, at + blockBytes), hash);
  }
  return hash;
}
