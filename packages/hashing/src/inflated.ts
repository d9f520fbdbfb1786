/** Deflate makes at most 1032 bytes of one: what is inflated at once stays below 9 MB. */
const sliceBytes = 2 ** 13;

/** Deflate makes at most so many bytes of one (258 bytes of 2 bits, and more for what begins a block). */
export const mostInflation = 1032;

/** Reader of a ReadableStream by what is used of it, so that programs compile without `lib: DOM`. */
export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** How bytes are compressed: RFC 1950, 1951 and 1952. */
export type Compression = 'deflate' | 'deflate-raw' | 'gzip';

/** Pieces of bytes as a stream of small slices. */
function streamOf(pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const slices = slicesOf(pieces);
  return new ReadableStream({
    pull(controller) {
      const { done, value } = slices.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

function* slicesOf(pieces: Iterable<Uint8Array>): Generator<Uint8Array<ArrayBuffer>, undefined> {
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += sliceBytes)
      yield new Uint8Array(piece.subarray(at, at + sliceBytes));
  return undefined;
}

/**
 * The content of compressed bytes, piece by piece: whoever leaves early inflates no more of it. Throws what the engine
 * throws for bytes that are damaged or cut; engines differ in what they do with bytes behind the stream.
 */
export async function* inflated(
  pieces: Iterable<Uint8Array>,
  format: Compression,
): AsyncGenerator<Uint8Array> {
  yield* chunksOf(streamOf(pieces).pipeThrough(new DecompressionStream(format)).getReader());
}

/** Pieces of bytes, compressed. Engines may differ in the bytes they make, not in what these say. */
export async function deflated(pieces: Iterable<Uint8Array>, format: Compression): Promise<Uint8Array> {
  const compressed = streamOf(pieces).pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** The chunks of a stream, which is cancelled where they are left early. */
export async function* chunksOf(reader: ByteReader): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
