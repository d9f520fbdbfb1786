/**
 * tar archives (POSIX ustar, IEEE 1003.1): blocks of 512 bytes, a header before the contents of each file.
 */
import { DataFormatError } from './errors.ts';

export interface TarFile {
  readonly name: string;
  /** Contents of the file, a view on the archive. */
  readonly bytes: Uint8Array;
  /** Offset of the contents in the archive. */
  readonly byteOffset: number;
}

const block = 512;

/**
 * The regular files of an archive, in its order. Folders, links and the headers of extended names are passed over.
 * Nothing is copied.
 *
 * @throws DataFormatError where a header is damaged or contents are cut off; what came before has been given then.
 */
export function* tarFiles(archive: Uint8Array, source: string): Generator<TarFile> {
  const refuse = (byteOffset: number, expected: string, actual: string): never => {
    throw new DataFormatError(source, byteOffset, {
      operation: 'tar',
      expected,
      actual,
      remedy: 'The archive is damaged or no tar.',
    });
  };
  let at = 0;
  while (at + block <= archive.length) {
    const header = archive.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return;
    const sum = header.reduce((total, byte, k) => total + (k >= 148 && k < 156 ? 0x20 : byte), 0);
    if (octal(header.subarray(148, 156)) !== sum) refuse(at, 'a tar header', 'another checksum');
    const size = octal(header.subarray(124, 136));
    const start = at + block;
    if (!(size <= archive.length - start))
      refuse(at + 124, `a size of at most ${archive.length - start} bytes`, String(size));
    const type = header[156] as number;
    if (type === 0 || type === 0x30) {
      const bytes = archive.subarray(start, start + size);
      yield { name: nameOf(header), bytes, byteOffset: start };
    }
    at = start + Math.ceil(size / block) * block;
  }
  refuse(at, 'a block of zeros at the end', 'the end');
}

/** A number in octal digits, ended by NUL or space; NaN for anything else. */
function octal(field: Uint8Array): number {
  const digits = text(field).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function nameOf(header: Uint8Array): string {
  const isUstar = text(header.subarray(257, 263)) === 'ustar';
  const prefix = isUstar ? text(header.subarray(345, 500)) : '';
  const name = text(header.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
}
