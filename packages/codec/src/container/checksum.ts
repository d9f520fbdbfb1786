import { ArgumentError, crc32 } from '@funhash/hashing';
import { ModelFileError } from './model-file-error.ts';

/** The metadata key of the checksum. */
export const checksumKey = 'funhash.checksum';

/** The metadata text of a checksum that is not known yet. */
export const blankChecksum = 'crc32:00000000';

// A quotation mark inside a JSON string is escaped, so only a key and its value can match.
const checksumField = /"funhash\.checksum"[ \t\r\n]*:[ \t\r\n]*"crc32:([0-9a-f]{8})"/g;
const zeros = new Uint8Array(8).fill(0x30);

/** Writes the checksum into a file that was encoded with `blankChecksum`. */
export function stampChecksum(file: Uint8Array): void {
  const [field] = checksumFields(file);
  if (field === undefined)
    throw new ArgumentError({
      operation: 'stampChecksum',
      expected: 'a file with a blank checksum',
      actual: 'none',
    });
  file.set(new TextEncoder().encode(checksumOf(file, field.digitsAt)), field.digitsAt);
}

/**
 * Checks that not one bit of a file changed since it was stamped.
 *
 * @throws ModelFileError when the checksum is missing, repeated or another one
 */
export function verifyChecksum(file: Uint8Array, source: string): void {
  const fields = checksumFields(file);
  const [field] = fields;
  const operation = 'decodeModel';
  if (field === undefined || fields.length > 1) {
    throw new ModelFileError({
      operation,
      source,
      expected: `one "${checksumKey}" of the form "crc32:" and 8 hexadecimal digits in the metadata`,
      actual: `${fields.length}`,
      remedy: 'Get the file again, or read it unverified with decodeSafetensors.',
    });
  }
  const actual = checksumOf(file, field.digitsAt);
  if (actual !== field.digits) {
    throw new ModelFileError({
      operation,
      source,
      byteOffset: field.digitsAt,
      expected: `content with the CRC-32 ${field.digits}`,
      actual: `${actual}: the file was damaged, or changed by another program`,
      remedy: 'Get the file again, or read it unverified with decodeSafetensors.',
    });
  }
}

function checksumFields(file: Uint8Array): { digitsAt: number; digits: string }[] {
  const headerLength = new DataView(file.buffer, file.byteOffset, 8).getUint32(0, true);
  // One character for each byte, so that positions in the text are positions in the file.
  const text = new TextDecoder('latin1').decode(file.slice(0, 8 + headerLength));
  return Array.from(text.matchAll(checksumField), (match) => ({
    digits: match[1] as string,
    digitsAt: match.index + match[0].length - 9,
  }));
}

/** CRC-32 of the whole file in which the eight digits of the checksum are taken as zeros. */
function checksumOf(file: Uint8Array, digitsAt: number): string {
  const before = crc32(file.subarray(0, digitsAt));
  const checksum = crc32(file.subarray(digitsAt + 8), crc32(zeros, before));
  return checksum.toString(16).padStart(8, '0');
}
