import { deflated } from '@funhash/hashing/streams';

/** Bytes as one gzip member (RFC 1952). Engines may differ in the bytes they write, not in what these say. */
export function compressBytes(bytes: Uint8Array): Promise<Uint8Array> {
  return deflated([bytes], 'gzip');
}
