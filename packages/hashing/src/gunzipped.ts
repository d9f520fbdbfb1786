import { FunhashError } from './errors.ts';
import { inflated, mostInflation } from './inflated.ts';

/** A head and a trailer of gzip around an empty block. */
const leastBytes = 18;
const firstBytes = 2 ** 16;

/** What `gunzipped` asks of whoever knows the file. */
export interface GunzipLimits {
  /** The most bytes of content. */
  readonly maxBytes: number;
  /** Refuses content that says it is longer. */
  tooLong(promised: number): never;
  /** Refuses bytes that are no whole gzip member. */
  damaged(actual: string, cause?: unknown): never;
  /**
   * Looks at the first bytes of the content, again and again until it gives true: only then is memory taken for all that
   * the file promises. Default: at once.
   */
  accepts?(first: Uint8Array, promised: number): boolean;
}

/**
 * The content of a gzip file of one member (RFC 1952). Its last bytes promise a length: what so few bytes cannot hold, or
 * is above `maxBytes`, is not inflated at all, and no byte above the promise is.
 */
export async function gunzipped(packed: Uint8Array, limits: GunzipLimits): Promise<Uint8Array> {
  const { maxBytes, tooLong, damaged, accepts = () => true } = limits;
  if (packed.length < leastBytes) damaged(`${packed.length} bytes, fewer than the least one has`);
  const promised = new DataView(packed.buffer, packed.byteOffset + packed.length - 4, 4).getUint32(0, true);
  if (promised > mostInflation * packed.length)
    damaged(`a length of ${promised}, more than so few bytes hold`);
  if (promised > maxBytes) tooLong(promised);

  let content = new Uint8Array(Math.min(promised, firstBytes));
  let length = 0;
  let isAccepted = false;
  try {
    for await (const chunk of inflated([packed], 'gzip')) {
      const needed = length + chunk.length;
      if (needed > promised) damaged(`more than the ${promised} bytes that its end says`);
      if (needed > content.length) content = grown(content, Math.min(promised, Math.max(needed, 2 * length)));
      content.set(chunk, length);
      length = needed;
      if (isAccepted) continue;
      isAccepted = accepts(content.subarray(0, length), promised);
      if (isAccepted) content = grown(content, promised);
    }
  } catch (cause) {
    if (cause instanceof FunhashError) throw cause;
    damaged(cause instanceof Error ? cause.message : String(cause), cause);
  }
  return length === promised ? content : damaged(`${length} bytes, fewer than its end says`);
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes;
  const more = new Uint8Array(length);
  more.set(bytes);
  return more;
}
