import { requireView } from './require-view.ts';

const table = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

/**
 * CRC-32 as zlib, gzip and PNG have it (ISO 3309: reflected polynomial 0xEDB88320, start and final xor all ones).
 * `crc32(b, crc32(a))` is the checksum of a followed by b.
 *
 * @throws ArgumentError for what is no bytes
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  requireView('crc32', bytes, previous);
  let remainder = ~previous;
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // By index: `of` takes twice the time.
  for (let i = 0; i < data.length; i++)
    remainder = (remainder >>> 8) ^ (table[(remainder ^ (data[i] as number)) & 0xff] as number);
  return ~remainder >>> 0;
}
