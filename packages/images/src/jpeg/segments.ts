import { joinArrays } from '@funhash/hashing';
import { refuse } from './jpeg-error.ts';

/** Markers of ISO/IEC 10918-1, table B.1. */
export const markers = {
  baseline: 0xc0,
  extended: 0xc1,
  progressive: 0xc2,
  huffman: 0xc4,
  start: 0xd8,
  end: 0xd9,
  scan: 0xda,
  quantization: 0xdb,
  restart: 0xdd,
  application: 0xe0,
} as const;

/** A marker with what its length counts; entropy-coded bytes follow those of scans. */
export interface Segment {
  readonly marker: number;
  /** Place of the marker's first byte. */
  readonly at: number;
  /** What follows the length. */
  readonly body: Uint8Array;
  /** Place behind the body. */
  readonly end: number;
}

/**
 * Segments up to the end of the picture, one after the other. Entropy-coded bytes are left out.
 *
 * @throws PictureError for bytes that are no JPEG or end within a segment
 */
export function* segmentsOf(bytes: Uint8Array): Generator<Segment, void> {
  if (bytes[0] !== 0xff || bytes[1] !== markers.start) refuse('a JPEG', 'other bytes');
  let at = 2;
  for (;;) {
    // Fill bytes before a marker are allowed (B.1.1.2).
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) refuse('a marker', `other bytes at ${at}`);
    if (marker === markers.end) {
      yield { marker, at, body: bytes.subarray(at + 2, at + 2), end: at + 2 };
      return;
    }
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) refuse('a whole segment', `one of ${length} bytes at ${at}`);
    yield { marker, at, body: bytes.subarray(at + 4, end), end };
    at = marker === markers.scan ? afterScan(bytes, end) : end;
  }
}

/** Whether a body begins with a name in Latin letters. */
export const begins = (body: Uint8Array, name: string): boolean =>
  [...name].every((character, k) => body[k] === character.charCodeAt(0));

/** The marker of segments of funhash: an application's. */
const ownMarker = markers.application + 10;

/** Whether a segment is one of funhash, of a name of four bytes. */
export const isOwn =
  (name: string) =>
  ({ marker, body }: Segment): boolean =>
    marker === ownMarker && begins(body, name);

/** The most bytes behind the length of a segment. */
export const mostBody = 65_533;

/** A segment of funhash, whole: its name, and what follows. */
export function ownSegment(name: string, ...parts: readonly ArrayLike<number>[]): Uint8Array {
  const length = 2 + parts.reduce((sum, part) => sum + part.length, name.length);
  const head = [0xff, ownMarker, length >> 8, length & 255];
  return joinArrays(Uint8Array, [head, [...name].map((character) => character.charCodeAt(0)), ...parts]);
}

/** A JPEG with segments put behind its start, or behind its segment of JFIF. @throws PictureError */
export function withSegments(bytes: Uint8Array, segments: readonly Uint8Array[]): Uint8Array {
  const at = placeForMore(bytes);
  return joinArrays(Uint8Array, [bytes.subarray(0, at), ...segments, bytes.subarray(at)]);
}

/** A JPEG without some of its segments. @throws PictureError for what is no JPEG */
export function withoutSegments(bytes: Uint8Array, isOne: (segment: Segment) => boolean): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const segment of segmentsOf(bytes))
    if (isOne(segment)) {
      kept.push(bytes.subarray(at, segment.at));
      at = segment.end;
    }
  kept.push(bytes.subarray(at));
  return joinArrays(Uint8Array, kept);
}

/** Place for further segments: behind the start of a JPEG, or behind its segment of JFIF. @throws PictureError */
function placeForMore(bytes: Uint8Array): number {
  const first = segmentsOf(bytes).next().value;
  return first?.marker === markers.application ? first.end : 2;
}

/** Place of the next marker that is no restart and no stuffed byte. */
function afterScan(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) refuse('the end of a JPEG', 'none: it is cut off');
    const next = bytes[at + 1] as number;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
    at += next === 0xff ? 1 : 2;
  }
}
