import { joinArrays } from '@funhash/hashing';

/** What a field holds: a whole number, a text, or bytes, of which a message consists, too. */
type Contents = number | string | Uint8Array;

/** A field of a message, by its number. */
export type Field = readonly [field: number, contents: Contents];

const encoder = new TextEncoder();

/** The bytes of a message in the wire format of protocol buffers. */
export function message(...fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [field, contents] of fields) {
    if (typeof contents === 'number') parts.push(varint(field << 3), varint(contents));
    else {
      const bytes = typeof contents === 'string' ? encoder.encode(contents) : contents;
      parts.push(varint((field << 3) | 2), varint(bytes.length), bytes);
    }
  }
  return joinArrays(Uint8Array, parts);
}

/** A whole number in groups of seven bits, the lowest first; negative ones as 64 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
