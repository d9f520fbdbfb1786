import { ArgumentError } from '@funhash/hashing';
import { PictureError } from '../jpeg/jpeg-error.ts';
import { isOwn, mostBody, ownSegment, segmentsOf, withoutSegments, withSegments } from '../jpeg/segments.ts';

// A picture file (.fhi) is a JPEG with one application segment more, as docs/format.md has it byte by byte: readers that do not
// know it show the JPEG.

const name = 'FHI\0';
const version = 1;
/** The name, the version, the mode. */
const headBytes = name.length + 2;

/** What is done with the planes of the JPEG: nothing, the base network as it is, with an update, or with one of multipliers. */
const modes = ['off', 'base', 'tuned', 'multipliers'] as const;

export type PictureMode = (typeof modes)[number];

const hasUpdate = (mode: PictureMode): boolean => mode === 'tuned' || mode === 'multipliers';

export interface Enhancement {
  readonly mode: PictureMode;
  /** CRC-32 of the base's values, of a picture that takes it as it is. */
  readonly base?: number;
  /** The update of one that is tuned, or of multipliers. */
  readonly update?: Uint8Array;
}

/** A JPEG with a segment put behind its start, or behind that of JFIF. One that is there already is taken out. */
export function withEnhancement(jpeg: Uint8Array, { mode, base = 0, update }: Enhancement): Uint8Array {
  const body = hasUpdate(mode) ? (update ?? new Uint8Array(0)) : new Uint8Array(mode === 'base' ? 4 : 0);
  if (mode === 'base') new DataView(body.buffer).setUint32(0, base, true);
  const length = headBytes + body.length;
  if (length > mostBody)
    throw new ArgumentError({
      operation: 'encodePicture',
      expected: `an update of at most ${mostBody - headBytes} bytes`,
      actual: String(body.length),
      remedy: 'Take a larger step.',
    });
  const segment = ownSegment(name, [version, modes.indexOf(mode)], body);
  return withSegments(withoutSegments(jpeg, isOwn(name)), [segment]);
}

/**
 * What a picture file says of its network; a plain JPEG says nothing.
 *
 * @throws PictureError for bytes that are no JPEG, another version, and segments that are not whole or are there twice
 */
export function enhancementIn(bytes: Uint8Array): Enhancement | undefined {
  const refuse = (expected: string, actual: string): never => {
    throw new PictureError({ operation: 'decodePicture', expected, actual });
  };
  const [segment, another] = [...segmentsOf(bytes)].filter(isOwn(name));
  if (!segment) return undefined;
  if (another) refuse('one segment of FHI', 'two');
  const { body } = segment;
  if (body[4] !== version) refuse(`a picture of version ${version}`, `version ${body[4]}`);
  const mode = modes[body[5] ?? modes.length] ?? refuse('a known mode', `${body[5]}`);
  const rest = body.subarray(headBytes);
  if (hasUpdate(mode)) return { mode, update: rest };
  if (rest.length !== (mode === 'base' ? 4 : 0)) refuse('a whole segment', `${body.length} bytes`);
  if (mode === 'off') return { mode };
  return { mode, base: new DataView(rest.buffer, rest.byteOffset, 4).getUint32(0, true) };
}
