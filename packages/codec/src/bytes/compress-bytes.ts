import { streamOf } from '@funhash/hashing/streams';

/** Bytes as one gzip member (RFC 1952). Engines may differ in the bytes they write, not in what these say. */
export async function compressBytes(bytes: Uint8Array): Promise<Uint8Array> {
  const compressed = streamOf([bytes]).pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}
