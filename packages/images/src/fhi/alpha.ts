import { BinReader, BinWriter, BitstreamError } from '@funhash/codec/coder';
import { crc32, joinArrays } from '@funhash/hashing';
import { PictureError } from '../jpeg/jpeg-error.ts';
import { isOwn, mostBody, ownSegment, segmentsOf, withoutSegments, withSegments } from '../jpeg/segments.ts';
import { codeAlpha, contextCount } from './alpha-model.ts';

// Transparency travels in application segments of its own, as docs/format.md has it byte by byte: readers that do not know them show
// the picture on white.

const name = 'FHA\0';
const version = 1;
/** The name, the version, and which segment of how many. */
const headBytes = name.length + 1 + 2 + 2;
const mostPart = mostBody - headBytes;
const checksumBytes = 4;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The checksum of coded alpha, which is that of the size, too: a JPEG that was cut to a part has another. */
function checksum({ width, height }: Size, coded: Uint8Array): number {
  const size = Uint8Array.of(width & 255, width >> 8, height & 255, height >> 8);
  return crc32(coded, crc32(size)) >>> 0;
}

/**
 * A JPEG with the alpha of its picture, in place of what it had. Where all is opaque it has none.
 *
 * @param alpha `[height, width]`, 255 for opaque
 */
export function withAlpha(jpeg: Uint8Array, alpha: Uint8Array | undefined, size: Size): Uint8Array {
  const plain = withoutSegments(jpeg, isOwn(name));
  if (!alpha || alpha.every((value) => value === 255)) return plain;
  const writer = new BinWriter(contextCount);
  // What is written does not change.
  codeAlpha(writer, alpha, size.width, size.height);
  const coded = writer.finish();
  const body = new Uint8Array(checksumBytes + coded.length);
  new DataView(body.buffer).setUint32(0, checksum(size, coded), true);
  body.set(coded, checksumBytes);
  const count = Math.ceil(body.length / mostPart);
  const bytesOf = (value: number): readonly number[] => [value >> 8, value & 255];
  const parts = Array.from({ length: count }, (_, k) =>
    ownSegment(
      name,
      [version, ...bytesOf(k), ...bytesOf(count)],
      body.subarray(k * mostPart, (k + 1) * mostPart),
    ),
  );
  return withSegments(plain, parts);
}

/**
 * The alpha that a picture file has, `[height, width]`; undefined where it is opaque.
 *
 * @param size that of its JPEG, which decides how much memory is taken
 * @throws PictureError for alpha that is damaged, not whole, or of a picture of another size
 */
export function alphaIn(bytes: Uint8Array, size: Size): Uint8Array | undefined {
  const parts = [...segmentsOf(bytes)].filter(isOwn(name)).map(({ body }) => body);
  if (parts.length === 0) return undefined;
  for (const [k, part] of parts.entries()) {
    if (part.length < headBytes) refuse('a whole segment of alpha', `${part.length} bytes`);
    if (part[4] !== version) refuse(`alpha of version ${version}`, `version ${part[4]}`);
    const view = new DataView(part.buffer, part.byteOffset);
    const [index, count] = [view.getUint16(5), view.getUint16(7)];
    if (index !== k || count !== parts.length)
      refuse(`part ${k} of ${parts.length} of alpha`, `part ${index} of ${count}`);
  }
  const body = joinArrays(
    Uint8Array,
    parts.map((part) => part.subarray(headBytes)),
  );
  const coded = body.subarray(checksumBytes);
  const stated = body.length < checksumBytes ? undefined : new DataView(body.buffer).getUint32(0, true);
  if (stated !== checksum(size, coded)) refuse('alpha with its checksum', 'other bytes, or another size');
  try {
    const reader = new BinReader(coded, contextCount);
    const alpha = new Uint8Array(size.width * size.height);
    codeAlpha(reader, alpha, size.width, size.height);
    const end = reader.finish();
    if (end !== coded.length) refuse(`${end} bytes of alpha`, `${coded.length}`);
    return alpha;
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    throw new PictureError({ ...error.details, operation }, { cause: error });
  }
}

const operation = 'decodePicture';

function refuse(expected: string, actual: string): never {
  const remedy = 'The picture without its transparency is in the JPEG: decodeJpeg, or decode --plain.';
  throw new PictureError({ operation, expected, actual, remedy });
}
