export interface CollectLimits {
  /** Bytes to begin with. */
  readonly sizeHint: number;
  readonly maxBytes: number;
  /** Called when there is more; throws. */
  readonly refuse: () => never;
}

/** Joins chunks. The buffer doubles when it is full, so that no announced length is believed. */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
  { sizeHint, maxBytes, refuse }: CollectLimits,
): Promise<Uint8Array> {
  let buffer = new Uint8Array(sizeHint);
  let length = 0;
  for await (const chunk of chunks) {
    const needed = length + chunk.length;
    if (needed > maxBytes) refuse();
    if (needed > buffer.length) {
      const grown = new Uint8Array(Math.min(maxBytes, Math.max(needed, 2 * buffer.length)));
      grown.set(buffer.subarray(0, length));
      buffer = grown;
    }
    buffer.set(chunk, length);
    length = needed;
  }
  return length === buffer.length ? buffer : buffer.slice(0, length);
}
